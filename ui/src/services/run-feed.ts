/**
 * One open run: what comes from the gateway or from a file is applied in slices, and the cursor follows.
 *
 * Law 1: a position counts as applied only when every record below it is.
 * Law 2: a record of a newer schema stops everything at its position for as long as its connection lasts. On a later
 * connection it is passed, visibly set aside, once the record after it is one that this page knows: its producer was
 * rolled back. Until then only the user passes it, and with it all newer ones of the run.
 * Law 3: a record on which this page itself fails is tried again from the beginning once, then set aside, visibly; one
 * on which earlier workers died is set aside at once.
 */

import type { GapInfo, MismatchInfo, Notice } from "../model/frame";
import { type Bound, PAGE_BOUND } from "../model/horizon";
import { type LogRecord, RunModel } from "../model/run";
import { SCHEMA_VERSION } from "../protocol/codec";
import type { Positions } from "../protocol/control";
import type { Delivery } from "../protocol/session-types";
import type { Clock } from "./clock";
import { Intake } from "./intake";
import { IntakeMeter } from "./intake-meter";

const SLICE_MS = 12;
/** Records between two looks at the clock. */
const RECORDS_BETWEEN_LOOKS = 16;
const TRIES = 2;
const GAP_REASONS = new Set<string>(["lost", "not_retained", "epoch_changed"]);

/** What a feed needs of whatever brings the records. */
export interface FeedSource {
  applied(positions: Positions, records: number): void;
  caughtUp(generation: number): void;
  fellBehind(cause: string): void;
  mismatch(cause: string): void;
  /** Bring everything again, from the beginning. */
  startOver(): void;
}

/** A record's place; the offset as decimal text. */
export interface Place {
  readonly partition: number;
  readonly offset: string;
}

export interface HopelessRecord extends Place {
  readonly reason: string;
}

/** What is done because an earlier worker died. */
export interface Care {
  /** Be told of each record before it is applied, and with null after a slice of them. */
  readonly standsAt: (place: Place | null) => void;
  readonly hopeless: readonly HopelessRecord[];
}

export class RunFeed {
  readonly meter = new IntakeMeter();
  mismatch: MismatchInfo | null = null;
  #run: RunModel;
  #replaced = 0;
  readonly #intake = new Intake();
  readonly #notices = new Map<string, Notice>();
  /** Newer records, at the head of what was received, that stand still until one that is known follows. */
  #newer: LogRecord[] = [];
  /** The user decided to pass newer records. */
  #setNewerAside = false;
  /** How often this page failed at a place. */
  readonly #failures = new Map<string, { tries: number; message: string }>();
  #stopSlice: (() => void) | null = null;
  #isHeld = false;

  constructor(
    runId: string,
    private readonly clock: Clock,
    private readonly source: () => FeedSource,
    private readonly changed: () => void,
    private readonly care: Care | null,
    private readonly bound: Bound = PAGE_BOUND,
  ) {
    this.#run = new RunModel(runId, bound);
    for (const { partition, offset, reason } of care?.hopeless ?? [])
      this.#failures.set(`${partition} ${offset}`, { tries: TRIES, message: reason });
  }

  get run(): RunModel {
    return this.#run;
  }

  /** Grows with every change of the run, also when it was replaced by an empty one. */
  get revision(): number {
    return this.#replaced + this.#run.revision;
  }

  get notices(): readonly Notice[] {
    return [...this.#notices.values(), ...this.#run.notices()];
  }

  backlog() {
    return this.#intake.backlog(this.clock.nowMs());
  }

  receive(delivery: Delivery, generation: number, bytes: number): void {
    const now = this.clock.nowMs();
    this.#intake.push(delivery, generation, bytes, now);
    this.#protect();
    this.#schedule();
  }

  /** Apply no more than the first slice until `release`: something else is more urgent. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#schedule();
  }

  /** The connection ended: what was received and is not applied is void, and so are the figures about it. */
  discard(): void {
    this.#clear();
    this.meter.restart();
  }

  /** Forget what was applied; `notice` says why. */
  restart(notice: Notice | null): void {
    this.#clear();
    this.#replaced += this.#run.revision + 1;
    this.#run = new RunModel(this.#run.runId, this.bound);
    this.mismatch = null;
    if (notice !== null) this.#notices.set(notice.id, notice);
    this.changed();
  }

  /** Newer records are to be set aside when they come again. */
  setNewerAside(): void {
    this.#setNewerAside = true;
    this.mismatch = null;
    this.changed();
  }

  stop(): void {
    this.#stopSlice?.();
    this.#stopSlice = null;
    this.#clear();
  }

  #clear(): void {
    this.#intake.clear();
    this.#newer = [];
  }

  /** Take note of what waits; leave the connection when it is too much. */
  #protect(): void {
    const now = this.clock.nowMs();
    this.meter.waiting(this.#intake.backlog(now).records, now);
    const cause = this.#intake.overflow(now);
    if (cause !== null) this.source().fellBehind(cause);
  }

  #schedule(): void {
    if (this.#stopSlice !== null || this.#intake.isEmpty) return;
    if (this.#isHeld && this.#run.records.length > 0) return;
    this.#stopSlice = this.clock.soon(() => {
      this.#stopSlice = null;
      this.#slice();
      this.#schedule();
    });
  }

  #slice(): void {
    const started = this.clock.nowMs();
    const progress = new Progress(this.source);
    for (let count = 1; this.#step(progress); count += 1) {
      if (count % RECORDS_BETWEEN_LOOKS === 0 && this.clock.nowMs() - started >= SLICE_MS) break;
    }
    this.care?.standsAt(null);
    progress.settle();
    this.#protect();
    this.changed();
  }

  /** Apply the next thing; false when there is none, or everything stands still. */
  #step(progress: Progress): boolean {
    const item = this.#intake.take();
    if (item === null) return false;
    switch (item.kind) {
      case "duplicates":
        this.#run.addDuplicates(item.count);
        return true;
      case "control":
        this.#control(item.delivery, progress, item.generation);
        return true;
      case "record": {
        const { entry, receivedMs } = item;
        if (!this.#pass(entry, progress)) return false;
        const now = this.clock.nowMs(); // for each: a slow one must show
        this.meter.applied(1, now - receivedMs, now);
        return true;
      }
    }
  }

  #control(delivery: Exclude<Delivery, { kind: "records" }>, progress: Progress, generation: number): void {
    if (delivery.kind === "gap") {
      const { partition, from, to, reason } = delivery.gap;
      const known = GAP_REASONS.has(reason) ? (reason as GapInfo["reason"]) : "unexplained";
      // The gateway counts the log's records, whose runs nobody can know any more.
      this.#run.addGap({ reason: known, partition, from: String(from), to: String(to), count: null });
      return progress.reach(partition, to);
    }
    if (this.#newer[0] !== undefined) {
      // Nothing that is known follows so far: the position stays below the first of them.
      if (delivery.kind === "replayed") this.#freeze(this.#newer[0], this.mismatch?.seen ?? 0);
      return;
    }
    for (const [partition, next] of delivery.positions) progress.reach(partition, next);
    if (delivery.kind !== "replayed") return;
    progress.settle();
    this.source().caughtUp(generation);
  }

  /** Apply a record and the newer ones before it; false if everything stands still at it, or starts over. */
  #pass(record: LogRecord, progress: Progress): boolean {
    const wasFrozen = this.mismatch !== null && !this.#setNewerAside;
    if (wasFrozen && this.#run.newerSchemaOf(record) !== null) {
      this.#newer.push(record);
      return true;
    }
    for (const newer of this.#newer) {
      this.#run.apply(newer, true);
      progress.passed(newer);
    }
    this.#newer = [];
    if (wasFrozen) this.mismatch = null;
    if (!this.#apply(record, progress)) return false;
    progress.passed(record);
    return true;
  }

  #apply(record: LogRecord, progress: Progress): boolean {
    const place = `${record.partition} ${record.offset}`;
    const failure = this.#failures.get(place);
    if (failure !== undefined && failure.tries >= TRIES) {
      this.#run.putAside(record, `this page fails on it: ${failure.message}`);
      return true;
    }
    this.care?.standsAt({ partition: record.partition, offset: String(record.offset) });
    try {
      const newer = this.#run.apply(record, this.#setNewerAside);
      if (newer === null) return true;
      progress.settle();
      this.#freeze(record, newer.theirs);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#failures.set(place, { tries: (failure?.tries ?? 0) + 1, message });
      progress.forget();
      this.restart(null);
      this.source().startOver();
    }
    return false;
  }

  #freeze(record: LogRecord, seen: number): void {
    const { partition, offset } = record;
    this.#clear();
    this.mismatch = { expected: SCHEMA_VERSION, seen, partition, offset: String(offset) };
    this.source().mismatch(`A record of schema ${seen} came; this page knows ${SCHEMA_VERSION}`);
    this.changed();
  }
}

/** What was applied and not told yet. */
class Progress {
  records = 0;
  #positions = new Map<number, bigint>();

  constructor(private readonly source: () => FeedSource) {}

  reach(partition: number, next: bigint): void {
    this.#positions.set(partition, next);
  }

  passed(record: LogRecord): void {
    this.reach(record.partition, record.offset + 1n);
    this.records += 1;
  }

  settle(): void {
    if (this.#positions.size > 0) this.source().applied(this.#positions, this.records);
    this.forget();
  }

  forget(): void {
    this.#positions = new Map();
    this.records = 0;
  }
}
