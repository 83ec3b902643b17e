/**
 * Client session of one subscription, sans I/O: inputs are method calls with the time, outputs are actions.
 *
 *     IDLE -> CONNECTING -> SUBSCRIBING -> CATCHING_UP -> LIVE
 *     any of these -> CONNECTING (after a backoff) on a cut, a retryable close, a hole, silence
 *     any -> FALLING_BEHIND (backlog cap; reconnects once, until LIVE)
 *     any -> MISMATCH (a newer schema; frozen; tries again, until something compatible is seen or the user acts)
 *     any -> CLOSED (a terminal close or error; only the user leaves it)
 *
 * Law 1: the cursor holds what was *applied*, as reported by `applied`; what was only received is asked for again.
 * Law 2: at most one connection and one timer; inputs of an earlier connection (by generation) change nothing.
 * Law 3: every delivered record passed `Continuity`; a duplicate is dropped, a hole reconnects from the cursor.
 * Law 4: a refused request is never repeated unchanged: the cursor is dropped, or the session closes.
 * Law 5: a newer token moves no cursor: the connection goes on with it, or the next one resumes where this one ended.
 */

import { backoffMs } from "./backoff";
import { Continuity, type DataFrame } from "./batch";
import { CLIENT_CLOSE, type ClientCloseCode, judgeClose, NEWER_TOKEN } from "./close-codes";
import {
  type ClientFrame,
  ControlError,
  decodeControl,
  type ErrorFrame,
  encodeControl,
  type Positions,
  type Subscribed,
  type Welcome,
  wirePositions,
} from "./control";
import { Cursor } from "./cursor";
import { helloFrame, SUBSCRIPTION, subscribeFrame } from "./opening-frames";
import { NO_SERVER, serverSeenIn } from "./server-seen";
import type { Delivery, SessionAction, SessionOptions, SessionPhase, SessionStatus } from "./session-types";

const OPENING_TIMEOUT_MS = 10_000;
const PING_AFTER_MS = 15_000;
const SILENCE_TIMEOUT_MS = 35_000;
const STABLE_AFTER_MS = 5_000;
const CALM_AFTER_MS = 120_000;
const FROZEN_FOR_MS = 5_000;
const POSITION_ERRORS = new Set(["bad_start", "bad_positions", "too_many_positions", "epoch_changed"]);

export class Session {
  #phase: SessionPhase = "idle";
  /** "behind" and "mismatch" outlive connections; they color the phase until they are resolved. */
  #condition: "none" | "behind" | "mismatch" = "none";
  #serverMismatch = false;
  #failures = 0;
  #reason: string | null = null;
  #remedy: string | null = null;
  #server = NO_SERVER;
  #retryAt: number | null = null;
  #openedAt = 0;
  #heardAt = 0;
  #pingedAt: number | null = null;
  /** How often the backlog was too large without a calm stretch in between. */
  #episodes = 0;
  #liveSince: number | null = null;
  #retryAfterMs = 0;
  #generation = 0;
  #continuity: Continuity | null = null;
  readonly #cursor = new Cursor();
  #actions: SessionAction[] = [];
  #token: string | null;
  #expiresAt: number | null = null;
  #isTokenRefused = false;

  constructor(private readonly options: SessionOptions) {
    this.#token = options.token;
  }

  /** Which connection inputs must name; grows with every `open`. */
  get generation(): number {
    return this.#generation;
  }

  /** What was applied: where a resume starts. Null before anything was. */
  get cursor(): { readonly epoch: string; readonly positions: Positions } | null {
    const { epoch, isEmpty, positions } = this.#cursor;
    return epoch === null || isEmpty ? null : { epoch, positions };
  }

  get status(): SessionStatus {
    const masked = this.#phase !== "closed" && this.#phase !== "idle";
    const colour = { none: this.#phase, behind: "falling_behind", mismatch: "mismatch" } as const;
    return {
      phase: masked ? colour[this.#condition] : this.#phase,
      attempt: this.#failures,
      retryAtMs: this.#retryAt,
      reason: this.#reason,
      remedy: this.#remedy,
      expiresAtMs: this.#expiresAt,
      isTokenRefused: this.#isTokenRefused,
      ...this.#server,
    };
  }

  /** When `tick` must be called at the latest; null when nothing is awaited. */
  get deadline(): number | null {
    switch (this.#phase) {
      case "idle":
      case "closed":
        return null;
      case "connecting":
      case "subscribing":
        return this.#retryAt ?? this.#openedAt + OPENING_TIMEOUT_MS;
      default:
        return this.#pingedAt === null ? this.#heardAt + PING_AFTER_MS : this.#heardAt + SILENCE_TIMEOUT_MS;
    }
  }

  takeActions(): SessionAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  /** Connect now, from any phase: the first time, or because the user asks. */
  connect(now: number): void {
    this.#drop(CLIENT_CLOSE.done, "reconnecting");
    this.#open(now);
  }

  /** Leave for good. */
  stop(): void {
    this.#drop(CLIENT_CLOSE.done, "");
    this.#phase = "idle";
  }

  opened(generation: number, now: number): void {
    if (generation !== this.#generation || this.#phase !== "connecting") return;
    this.#phase = "subscribing";
    this.#heardAt = now;
    this.#send(helloFrame(this.options, this.#token));
  }

  /** Use another token: an open connection goes on with it, what was refused or waits connects with it. */
  renew(token: string | null, now: number): void {
    this.#token = token;
    this.#expiresAt = null;
    if (this.#phase === "idle") return;
    const isOpen = this.#phase === "catching_up" || this.#phase === "live";
    if (isOpen && token !== null) this.#send({ type: "auth", token });
    else this.connect(now);
  }

  closed(generation: number, code: number, reason: string, now: number): void {
    if (generation !== this.#generation || !this.#isConnected()) return;
    const verdict = judgeClose(code, reason);
    this.#isTokenRefused = verdict.isTokenRefused;
    if (verdict.retry) this.#retry(verdict.cause, now);
    else this.#end(verdict.cause, verdict.remedy);
  }

  textReceived(generation: number, text: string, now: number): void {
    if (generation !== this.#generation || !this.#isConnected()) return;
    this.#heard(now);
    try {
      this.#control(text, now);
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      if (error.reason === "unknown_type") return; // a newer gateway may say more
      this.#abandon(CLIENT_CLOSE.badFrame, `The gateway sent a damaged frame: ${error.message}`, now);
    }
  }

  dataReceived(generation: number, frame: DataFrame, now: number): void {
    if (generation !== this.#generation || !this.#isConnected()) return;
    this.#heard(now);
    const continuity = this.#continuity;
    if (continuity === null || frame.subscription !== SUBSCRIPTION) {
      return this.#abandon(CLIENT_CLOSE.badFrame, "Records came that nobody asked for", now);
    }
    const { fresh, duplicates, hole } = continuity.sift(frame.entries);
    this.#deliver({ kind: "records", entries: fresh, duplicates });
    if (hole !== null) {
      const at = `partition ${hole.partition}, before offset ${hole.offset}`;
      this.#abandon(CLIENT_CLOSE.hole, `Records are missing in delivery: ${at}`, now);
    }
  }

  /** A binary frame could not be read at all. */
  damaged(generation: number, message: string, now: number): void {
    if (generation !== this.#generation || !this.#isConnected()) return;
    this.#abandon(CLIENT_CLOSE.badFrame, `The gateway sent a damaged frame: ${message}`, now);
  }

  /** Everything below these next offsets is applied, `records` of them records; acknowledges and moves the cursor. */
  applied(positions: Positions, records: number): void {
    if (records > 0 && this.#condition === "mismatch" && !this.#serverMismatch) this.#condition = "none";
    if (!this.#cursor.advance(positions)) return;
    if (this.#phase === "catching_up" || this.#phase === "live") this.#acknowledge();
  }

  /** The end of the replay is applied: from here on the picture is live. */
  caughtUp(generation: number, now: number): void {
    if (generation !== this.#generation || this.#phase !== "catching_up") return;
    this.#phase = "live";
    this.#liveSince = now;
    if (this.#condition === "behind") this.#condition = "none";
    if (this.#condition === "none") {
      this.#reason = null;
      this.#remedy = null;
    }
  }

  /** The backlog cap is exceeded: reconnect from the cursor, once per episode. */
  fellBehind(cause: string, now: number): void {
    if (!this.#isConnected() || this.#condition !== "none") return;
    this.#condition = "behind";
    this.#episodes = this.#wasLiveFor(CALM_AFTER_MS, now) ? 1 : this.#episodes + 1;
    this.#abandon(CLIENT_CLOSE.behind, cause, now);
    this.#remedy = "The page reconnects and catches up; close other tabs if it happens again";
  }

  /** A record of a newer schema version was met: freeze. */
  mismatch(cause: string, now: number): void {
    if (!this.#isConnected()) return;
    this.#condition = "mismatch";
    this.#retryAfterMs = FROZEN_FOR_MS;
    this.#abandon(CLIENT_CLOSE.mismatch, cause, now);
    this.#remedy =
      "Roll the newer side back, reload the page after an update, or reset to set newer records aside";
  }

  /** The user decided to go on after a mismatch. */
  resolveMismatch(now: number): void {
    if (this.#condition !== "mismatch") return;
    this.#condition = "none";
    this.#serverMismatch = false;
    this.#failures = 0;
    this.connect(now);
  }

  tick(now: number): void {
    const deadline = this.deadline;
    if (deadline === null || now < deadline) return;
    if (this.#retryAt !== null) return this.#open(now);
    if (this.#phase === "connecting" || this.#phase === "subscribing") {
      return this.#abandon(CLIENT_CLOSE.timeout, "The gateway did not answer in time", now);
    }
    if (this.#pingedAt !== null) {
      return this.#abandon(CLIENT_CLOSE.timeout, "The gateway fell silent", now);
    }
    this.#pingedAt = now;
    this.#send({ type: "ping", t: String(Math.round(now)) });
  }

  #control(text: string, now: number): void {
    const frame = decodeControl(text);
    if ("id" in frame && frame.id !== null && frame.id !== SUBSCRIPTION) return;
    switch (frame.type) {
      case "welcome":
        return this.#welcomed(frame, now);
      case "subscribed":
        return this.#subscribed(frame);
      case "gap":
        this.#continuity?.advance(frame.partition, frame.to);
        return this.#deliver({ kind: "gap", gap: frame });
      case "progress":
        for (const [partition, next] of frame.positions) this.#continuity?.advance(partition, next);
        return this.#deliver({ kind: "progress", positions: frame.positions });
      case "replay_complete":
        return this.#deliver({ kind: "replayed", outcome: frame.outcome, positions: frame.positions });
      case "state":
        this.#reason =
          frame.state === "paused" ? `Dead letters wait: ${frame.reason ?? "no reason given"}` : null;
        return;
      case "error":
        return this.#refused(frame, now);
      case "closing":
        this.#retryAfterMs = frame.retryAfterMs;
        return;
      case "expiring":
        this.#expiresAt = now + frame.inMs;
        return;
      case "pong": // that it was heard is all that it says
    }
  }

  #welcomed(welcome: Welcome, now: number): void {
    if (this.#phase !== "subscribing") return;
    const { schemaVersion } = welcome;
    this.#server = serverSeenIn(welcome);
    const expected = this.options.schemaVersion;
    if (schemaVersion > expected) {
      this.#serverMismatch = true;
      return this.mismatch(`The gateway speaks schema ${schemaVersion}, this page ${expected}`, now);
    }
    if (this.#serverMismatch) {
      this.#serverMismatch = false;
      this.#condition = "none";
    }
    this.#enter(welcome.epoch);
    this.#send(subscribeFrame(this.options, welcome, this.cursor?.positions ?? null));
  }

  #subscribed(frame: Subscribed): void {
    if (this.#phase !== "subscribing") return;
    this.#enter(frame.epoch);
    this.#continuity = new Continuity(frame.start);
    this.#cursor.begin(frame.start);
    if (frame.steps.size > 0) this.#actions.push({ kind: "numbered", steps: frame.steps });
    this.#phase = "catching_up";
  }

  #refused(error: ErrorFrame, now: number): void {
    const cause = `${error.message} (${error.code})`;
    if (error.retryable) return this.#abandon(CLIENT_CLOSE.badFrame, cause, now);
    if (POSITION_ERRORS.has(error.code) && !this.#cursor.isEmpty) {
      this.#cursor.forget();
      this.#actions.push({ kind: "restart", cause: "cursor_refused" });
      return this.#abandon(CLIENT_CLOSE.badFrame, cause, now);
    }
    this.#isTokenRefused = error.code === "unauthenticated";
    this.#end(cause, this.#isTokenRefused ? NEWER_TOKEN : null);
  }

  #enter(epoch: string): void {
    if (!this.#cursor.enter(epoch)) this.#actions.push({ kind: "restart", cause: "epoch_changed" });
  }

  #acknowledge(): void {
    const news = this.#cursor.takeUnacknowledged();
    if (news.size === 0) return;
    this.#send({ type: "ack", id: SUBSCRIPTION, positions: wirePositions(news) });
  }

  #open(now: number): void {
    this.#generation += 1;
    this.#phase = "connecting";
    this.#retryAt = null;
    this.#retryAfterMs = 0;
    this.#isTokenRefused = false;
    this.#openedAt = now;
    this.#heardAt = now;
    this.#actions.push({ kind: "open" });
  }

  /** End the connection from this side and try again later. */
  #abandon(code: ClientCloseCode, cause: string, now: number): void {
    this.#actions.push({ kind: "close", code, reason: cause.slice(0, 100) });
    this.#retry(cause, now);
  }

  #retry(cause: string, now: number): void {
    if (this.#wasLiveFor(STABLE_AFTER_MS, now)) this.#failures = 0;
    this.#failures += 1;
    const failures = this.#condition === "behind" ? this.#failures + this.#episodes - 1 : this.#failures;
    this.#retryAt = now + Math.max(this.#retryAfterMs, backoffMs(failures, this.options.random()));
    this.#disconnected();
    this.#phase = "connecting";
    this.#reason = cause;
    this.#remedy = null;
  }

  #end(cause: string, remedy: string | null): void {
    this.#drop(CLIENT_CLOSE.done, "");
    this.#phase = "closed";
    this.#reason = cause;
    this.#remedy = remedy ?? "Try again";
  }

  #drop(code: ClientCloseCode, reason: string): void {
    if (this.#isConnected()) this.#actions.push({ kind: "close", code, reason });
    this.#disconnected();
    this.#retryAt = null;
  }

  #disconnected(): void {
    this.#generation += 1;
    this.#continuity = null;
    this.#pingedAt = null;
    this.#liveSince = null;
    this.#expiresAt = null;
    this.#actions.push({ kind: "discard" });
  }

  #isConnected(): boolean {
    return this.#retryAt === null && this.#phase !== "idle" && this.#phase !== "closed";
  }

  #wasLiveFor(ms: number, now: number): boolean {
    return this.#liveSince !== null && now - this.#liveSince >= ms;
  }

  #heard(now: number): void {
    this.#heardAt = now;
    this.#pingedAt = null;
  }

  #deliver(delivery: Delivery): void {
    this.#actions.push({ kind: "deliver", delivery });
  }

  #send(frame: ClientFrame): void {
    this.#actions.push({ kind: "send", text: encodeControl(frame) });
  }
}
