/**
 * The engine, as it lives in the worker: at most one open run, frames when something changed, answers to questions.
 *
 * `openRun` and `openFile` carry the number of the opening; every frame repeats it, so that whoever listens can
 * leave out frames of an earlier one.
 */

import { bytes } from "../model/display";
import { emptyFrame, NO_CONNECTION } from "../model/empty-frame";
import type { ConnectionStatus, MismatchInfo, Notice, RunFrame } from "../model/frame";
import { itemsOf, runIdOf } from "../model/items";
import { NewestAnswers } from "../model/newest-answers";
import { withNewestPart } from "../model/newest-frame";
import { MAX_RECORD_BYTES, RunModel } from "../model/run";
import { RunAnswers } from "../model/run-answers";
import { RunFileError, runFileValues } from "../model/run-file";
import { decodeRecord, RecordError, SCHEMA_VERSION } from "../protocol/codec";
import type { Start, Welcome } from "../protocol/control";
import type { SessionStatus } from "../protocol/session-types";
import type { Clock } from "./clock";
import { FileSource } from "./file-source";
import { FrameClock } from "./frame-clock";
import { GatewayLink, type LinkEvents } from "./gateway-link";
import { NewestPart } from "./newest-part";
import { type Care, type FeedSource, RunFeed } from "./run-feed";
import type { OpenSocket } from "./socket";

/** What may be on its way and not applied: enough to keep the worker busy, little enough to be applied in a moment. */
const WINDOW_BYTES = 1024 * 1024;
const MAX_BATCH_BYTES = 256 * 1024;

export interface Target {
  readonly wsUrl: string;
  readonly token: string | null;
}

/** A promise, if it returns one, is of when the frame was taken in: the next one waits for it. */
export type FrameListener = (opening: number, frame: RunFrame) => Promise<void> | undefined;

export interface RunEngineOptions {
  readonly clock: Clock;
  readonly openSocket: OpenSocket;
  readonly random: () => number;
  readonly version: string;
}

interface Open {
  readonly id: string;
  readonly feed: RunFeed;
  readonly file: FileSource | null;
  readonly newest: NewestPart | null;
  link: GatewayLink | null;
}

const NOTHING = new RunAnswers(new RunModel(""));
const FILE_CONNECTION: ConnectionStatus = { ...NO_CONNECTION, source: "file" };

export class RunEngine {
  #target: Target | null = null;
  #open: Open | null = null;
  #opening = 0;
  #care: Care | null = null;
  #listener: FrameListener | null = null;
  #answers: { readonly run: RunModel; readonly newest: RunModel | null; readonly to: RunAnswers } | null =
    null;
  readonly #frames: FrameClock;

  constructor(private readonly options: RunEngineOptions) {
    this.#frames = new FrameClock(options.clock, () => this.#tell());
  }

  listen(listener: FrameListener): void {
    this.#listener = listener;
    this.#frames.changed();
  }

  /** What is opened next is taken with this care; null: with none. */
  beCareful(care: Care | null): void {
    this.#care = care;
  }

  connect(target: Target): void {
    const before = this.#target;
    this.#target = target;
    if (this.#open === null || this.#open.file !== null) return;
    if (target.wsUrl !== before?.wsUrl) return this.openRun(this.#opening, this.#open.id);
    const { link } = this.#open;
    if (target.token !== before.token || link?.status.isTokenRefused) link?.renew(target.token);
  }

  openRun(opening: number, runId: string | null): void {
    this.#close(opening);
    if (runId !== null) {
      const { clock } = this.options;
      const feed = new RunFeed(runId, clock, () => this.#linkSource(), this.#changed, this.#care);
      const newest = this.#care === null ? this.#newestPart(runId) : null;
      this.#open = { id: runId, feed, file: null, newest, link: null };
      this.#connect(this.#open);
    }
    this.#frames.changed();
  }

  /** Throws, and leaves open what is open, when the bytes are no run. */
  openFile(opening: number, name: string, bytes: ArrayBuffer): void {
    const values = [...runFileValues(new Uint8Array(bytes))];
    const runId = firstRunIn(values);
    if (runId === null) throw new RunFileError("There is no run in this file");
    this.#close(opening);
    const feed: RunFeed = new RunFeed(runId, this.options.clock, () => file, this.#changed, this.#care);
    const file = new FileSource(values, feed);
    this.#open = { id: name, feed, file, newest: null, link: null };
    file.startOver();
    this.#frames.changed();
  }

  retry(): void {
    if (this.#open?.link) this.#open.link.connect();
    else if (this.#open !== null && this.#open.file === null) this.#connect(this.#open);
  }

  resolveMismatch(): void {
    if (this.#open === null) return;
    const { feed, link, file } = this.#open;
    feed.setNewerAside();
    link?.resolveMismatch();
    if (file === null) return;
    feed.restart(null);
    file.startOver();
  }

  /** What answers about the open run; about an empty one when none is open. */
  get answers(): RunAnswers {
    const run = this.#open?.feed.run;
    const newest = this.#open?.newest?.run ?? null;
    if (run === undefined) return NOTHING;
    if (this.#answers?.run !== run || this.#answers.newest !== newest) {
      const to = newest === null ? new RunAnswers(run) : new NewestAnswers(run, newest);
      this.#answers = { run, newest, to };
    }
    return this.#answers.to;
  }

  readonly #changed = (): void => this.#frames.changed();

  #newestPart(runId: string): NewestPart {
    return new NewestPart({
      runId,
      clock: this.options.clock,
      connect: (events) => this.#newLink(runId, () => ({ from: "snapshot" }), events),
      changed: this.#changed,
    });
  }

  #close(opening: number): void {
    this.#opening = opening;
    this.#open?.link?.stop();
    this.#open?.newest?.drop();
    this.#open?.feed.stop();
    this.#open = null;
    this.#answers = null;
  }

  #connect(open: Open): void {
    if (this.#target === null) return;
    const { feed, newest } = open;
    const startAt = (welcome: Welcome): Start => {
      newest?.welcomed(welcome);
      return { from: "earliest" };
    };
    open.link = this.#newLink(open.id, startAt, {
      delivered: (delivery, generation, bytes) => {
        feed.receive(delivery, generation, bytes);
        newest?.wholeDelivered(delivery);
      },
      discarded: () => feed.discard(),
      restarted: (cause) => {
        newest?.drop();
        feed.restart(RESTART_NOTICES[cause]);
      },
      moved: this.#changed,
    });
    open.link.connect();
  }

  #newLink(runId: string, startAt: (welcome: Welcome) => Start, events: LinkEvents): GatewayLink {
    const { clock, openSocket, random, version } = this.options;
    const { wsUrl, token } = this.#target as Target;
    const session = {
      client: { name: "dashstream-page", version },
      token,
      filter: { runs: [runId] },
      startAt,
      schemaVersion: SCHEMA_VERSION,
      windowBytes: WINDOW_BYTES,
      maxBatchBytes: MAX_BATCH_BYTES,
      random,
    };
    return new GatewayLink({ url: wsUrl, clock, openSocket, session }, events);
  }

  #linkSource(): FeedSource {
    const open = this.#open;
    const link = open?.link ?? null;
    return {
      applied: (positions, records) => link?.applied(positions, records),
      caughtUp: (generation) => {
        open?.newest?.drop();
        link?.caughtUp(generation);
      },
      fellBehind: (cause) => link?.fellBehind(cause),
      mismatch: (cause) => link?.mismatch(cause),
      startOver: () => {
        link?.stop();
        if (open !== null) this.#connect(open);
      },
    };
  }

  #tell(): Promise<void> | undefined {
    const taken = this.#listener?.(this.#opening, this.#frame());
    if (this.#open?.feed.meter.isMoving(this.options.clock.nowMs())) this.#frames.changedLater();
    return taken;
  }

  #frame(): RunFrame {
    const open = this.#open;
    if (open === null) return emptyFrame(null);
    const { feed, id, newest } = open;
    const { run } = feed;
    const status = open.link?.status ?? null;
    const frame: RunFrame = {
      revision: feed.revision + (newest?.revision ?? 0),
      openId: id,
      connection: this.#connection(open, status),
      mismatch: mismatchOf(feed, status),
      receipt: run.receipt(),
      intake: feed.meter.view(feed.backlog(), this.options.clock.nowMs(), status?.phase ?? "idle"),
      run: run.summaryView(),
      steps: run.steps.count,
      markers: run.markers,
      lastSequence: run.lastSequence,
      notices: [...limitNotices(status), ...feed.notices],
    };
    const part = newest?.run ?? null;
    return part === null ? frame : withNewestPart(frame, part);
  }

  #connection(open: Open, status: SessionStatus | null): ConnectionStatus {
    if (open.file !== null) return FILE_CONNECTION;
    if (status === null) return NO_CONNECTION;
    const { phase, retryAtMs, reason, remedy, serverVersion, instance } = status;
    // The session remembers earlier failures until a connection has proved stable; records flow already.
    const attempt = phase === "live" ? 0 : status.attempt;
    const nowMs = this.options.clock.nowMs();
    const { expiresAtMs, isTokenRefused } = status;
    return {
      phase,
      attempt,
      retryInMs: retryAtMs === null ? null : Math.max(0, retryAtMs - nowMs),
      reason,
      remedy,
      expiresInMs: expiresAtMs === null ? null : expiresAtMs - nowMs,
      isTokenRefused,
      serverVersion,
      instance,
      source: "gateway",
    };
  }
}

/** Limits that this page and the gateway do not share, before a record fails on them. */
function limitNotices(status: SessionStatus | null): Notice[] {
  const theirs = status?.maxRecordBytes ?? 0;
  if (theirs <= MAX_RECORD_BYTES) return [];
  const text = `The gateway lets records of ${bytes(theirs)} in, this page shows those of up to ${bytes(MAX_RECORD_BYTES)}; larger ones are set aside`;
  return [{ id: "limits-differ", level: "warning", text }];
}

/** Both versions, while the connection stands still because of them, or the file does. */
function mismatchOf(feed: RunFeed, status: SessionStatus | null): MismatchInfo | null {
  if (status === null) return feed.mismatch;
  if (status.phase !== "mismatch") return null;
  const seen = status.serverSchemaVersion ?? 0;
  return feed.mismatch ?? { expected: SCHEMA_VERSION, seen, partition: null, offset: null };
}

/** The run of the first record that can be read. */
function firstRunIn(values: readonly Uint8Array[]): string | null {
  for (const value of values) {
    try {
      const [first] = itemsOf(decodeRecord(value, MAX_RECORD_BYTES));
      if (first !== undefined) return runIdOf(first.header);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
    }
  }
  return null;
}

const RESTART_NOTICES: Readonly<Record<"epoch_changed" | "cursor_refused", Notice>> = {
  epoch_changed: {
    id: "epoch-changed",
    level: "warning",
    text: "The gateway's log was replaced; the run was read again from its beginning",
  },
  cursor_refused: {
    id: "cursor-refused",
    level: "info",
    text: "The gateway could not resume where this page stood; the run was read again from its beginning",
  },
};
