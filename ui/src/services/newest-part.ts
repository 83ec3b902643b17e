/**
 * The newest part of a large run, to be seen while the whole is read from its beginning.
 *
 * A run is taken for large when much of the log lies between its first record and the end. Its newest part begins at
 * its latest full state. The whole waits for it behind its first records, but not for long. It is dropped for good
 * once the whole has caught up, and when it would save little.
 */

import type { RunModel } from "../model/run";
import type { Welcome } from "../protocol/control";
import type { Delivery } from "../protocol/session-types";
import type { RunFeed } from "./run-feed";
import { type PartSource, RunPart } from "./run-part";

/** Records of the log from which on a run is large: more are not applied in a moment. */
export const LARGE_RUN = 20_000n;
/** How long the whole waits for the newest part at most. */
export const WHOLE_WAITS_MS = 2_000;

export interface NewestPartOptions extends PartSource {
  readonly whole: Pick<RunFeed, "hold" | "release">;
  readonly changed: () => void;
}

interface Extent {
  readonly partition: number;
  readonly first: bigint;
  readonly size: bigint;
}

export class NewestPart {
  #heads: Welcome["partitions"] = [];
  #isDecided = false;
  #isCaughtUp = false;
  #part: RunPart | null = null;
  #stopWaiting: (() => void) | null = null;
  #droppedRevision = 0;

  constructor(private readonly options: NewestPartOptions) {}

  /** The newest part once it is whole; null before that, and once it was dropped. */
  get run(): RunModel | null {
    return this.#isCaughtUp ? (this.#part?.begun ?? null) : null;
  }

  /** The run is large, and the whole is not there yet. */
  get isOfUse(): boolean {
    return this.#part !== null;
  }

  /** Grows with every change, also when the part is dropped. */
  get revision(): number {
    return this.#droppedRevision + (this.run?.revision ?? 0);
  }

  welcomed({ partitions }: Welcome): void {
    this.#heads = partitions;
  }

  /** Something of the whole was delivered; the first record tells how large the run is at most. */
  wholeDelivered(delivery: Delivery): void {
    const entry = delivery.kind === "records" ? delivery.entries[0] : undefined;
    if (this.#isDecided || entry === undefined) return;
    this.#isDecided = true;
    const head = this.#heads.find(({ partition }) => partition === entry.partition)?.high ?? 0n;
    const size = head - entry.offset;
    if (size >= LARGE_RUN) this.#read({ partition: entry.partition, first: entry.offset, size });
  }

  drop(): void {
    this.#isDecided = true;
    if (this.#part === null) return;
    this.#droppedRevision = this.revision + 1;
    this.#part.stop();
    this.#part = null;
    this.#letWholeGoOn();
    this.options.changed();
  }

  #read(extent: Extent): void {
    const { clock, whole, changed } = this.options;
    whole.hold();
    this.#stopWaiting = clock.after(WHOLE_WAITS_MS, () => this.#letWholeGoOn());
    this.#part = new RunPart(
      this.options,
      { from: "snapshot" },
      {
        accepts: (delivery) => !isMost(delivery, extent),
        changed: () => this.run !== null && changed(),
        caughtUp: () => {
          this.#isCaughtUp = true;
          this.#letWholeGoOn();
          changed();
        },
        ended: () => this.drop(),
      },
    );
  }

  #letWholeGoOn(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = null;
    this.options.whole.release();
  }
}

/** The newest part is most of the run, or not of it: the whole is there as soon. */
function isMost(delivery: Delivery, { partition, first, size }: Extent): boolean {
  const entry = delivery.kind === "records" ? delivery.entries[0] : undefined;
  return entry !== undefined && (entry.partition !== partition || 2n * (entry.offset - first) < size);
}
