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
import { withNewestPart } from "../model/newest-frame";
import { PartialAnswers } from "../model/partial-answers";
import { MAX_RECORD_BYTES, RunModel } from "../model/run";
import { type Answers, RunAnswers } from "../model/run-answers";
import { RunFileError, runFileValues } from "../model/run-file";
import type { Moment } from "../model/views";
import { decodeRecord, RecordError, SCHEMA_VERSION } from "../protocol/codec";
import type { Start, Welcome } from "../protocol/control";
import type { SessionStatus } from "../protocol/session-types";
import type { Clock } from "./clock";
import { FileSource } from "./file-source";
import { FrameClock } from "./frame-clock";
import { GatewayLink, type LinkEvents } from "./gateway-link";
import { NewestPart } from "./newest-part";
import { type Care, type FeedSource, RunFeed } from "./run-feed";
import type { PartSource } from "./run-part";
import type { OpenSocket } from "./socket";
import { SoughtPart } from "./sought-part";

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
  readonly sought: SoughtPart | null;
  link: GatewayLink | null;
}

const NOTHING = new RunAnswers(new RunModel(""));
const NO_PARTS = { newest: null, sought: null };
const FILE_CONNECTION: ConnectionStatus = { ...NO_CONNECTION, source: "file" };

export class RunEngine {
  #target: Target | null = null;
  #open: Open | null = null;
  #opening = 0;
  #care: Care | null = null;
  #listener: FrameListener | null = null;
  #answers: { readonly about: readonly (RunModel | null)[]; readonly to: Answers } | null = null;
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
      const parts = this.#care === null ? this.#partsOf(runId, feed) : NO_PARTS;
      this.#open = { id: runId, feed, file: null, ...parts, link: null };
      this.#connect(this.#open);
    }
    this.#frames.changed();
  }

  /** Throws, and leaves open what is open, when the bytes are no run. */
  openFile(opening: number, name: string, bytes: ArrayBuffer): void {
    const values = () => runFileValues(new Uint8Array(bytes));
    const runId = firstRunIn(values());
    if (runId === null) throw new RunFileError("There is no run in this file");
    this.#close(opening);
    const feed: RunFeed = new RunFeed(runId, this.options.clock, () => file, this.#changed, this.#care);
    const file = new FileSource(values, feed);
    this.#open = { id: name, feed, file, ...NO_PARTS, link: null };
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
  get answers(): Answers {
    if (this.#open === null) return NOTHING;
    const { feed, newest, sought } = this.#open;
    const about = [feed.run, newest?.run ?? null, sought?.run ?? null] as const;
    if (about.some((run, index) => run !== this.#answers?.about[index])) {
      const to = newest?.isOfUse ? new PartialAnswers(...about) : new RunAnswers(feed.run);
      this.#answers = { about, to };
    }
    return this.#answers?.to ?? NOTHING;
  }

  /** Resolves once answers about a moment can be had, or waiting for that is no use. */
  async reach(moment: Moment | null): Promise<void> {
    if (moment === null || moment.kind === "live" || !this.#open?.newest?.isOfUse) return;
    const { feed, newest, sought } = this.#open;
    if (!feed.run.reaches(moment) && !newest.run?.has(moment)) await sought?.seek(moment);
  }

  readonly #changed = (): void => this.#frames.changed();

  #partsOf(runId: string, feed: RunFeed): Pick<Open, "newest" | "sought"> {
    const { clock } = this.options;
    const connect: PartSource["connect"] = (start, events) => this.#newLink(runId, () => start, events);
    const changed = this.#changed;
    const newest = new NewestPart({ runId, clock, connect, whole: feed, changed });
    const reached = () => feed.run.lastOffset;
    return { newest, sought: new SoughtPart({ runId, clock, connect, changed, reached }) };
  }

  #close(opening: number): void {
    this.#opening = opening;
    this.#open?.link?.stop();
    this.#dropParts();
    this.#open?.feed.stop();
    this.#open = null;
    this.#answers = null;
  }

  #dropParts(): void {
    this.#open?.newest?.drop();
    this.#open?.sought?.drop();
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
        this.#dropParts();
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
        this.#dropParts();
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
      unread: null,
      horizon: run.horizon,
      notices: [...limitNotices(status), ...feed.notices],
    };
    const part = newest?.run ?? null;
    return part === null ? frame : withNewestPart(frame, run, part);
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

/** The run of the first record that can be read. All are looked at, so that a damaged file shows before it is opened. */
function firstRunIn(values: Iterable<Uint8Array>): string | null {
  let runId: string | null = null;
  for (const value of values) runId ??= runIn(value);
  return runId;
}

function runIn(value: Uint8Array): string | null {
  try {
    const [first] = itemsOf(decodeRecord(value, MAX_RECORD_BYTES));
    return first === undefined ? null : runIdOf(first.header);
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return null;
  }
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
