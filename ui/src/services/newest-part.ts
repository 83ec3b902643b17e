/**
 * The newest part of a large run, to be seen while the whole is read from its beginning.
 *
 * A run is taken for large when much of the log lies between its first record and the end. Its newest part begins at
 * its latest full state. It is dropped for good once the whole has caught up, and when it would save little.
 */

import type { RunModel } from "../model/run";
import type { Welcome } from "../protocol/control";
import type { Delivery } from "../protocol/session-types";
import { type PartSource, RunPart } from "./run-part";

/** Records of the log from which on a run is large: more are not applied in a moment. */
export const LARGE_RUN = 20_000n;

export interface NewestPartOptions extends PartSource {
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
    this.options.changed();
  }

  #read(whole: Extent): void {
    const { changed } = this.options;
    this.#part = new RunPart(
      this.options,
      { from: "snapshot" },
      {
        accepts: (delivery) => !isMost(delivery, whole),
        changed: () => this.run !== null && changed(),
        caughtUp: () => {
          this.#isCaughtUp = true;
          changed();
        },
        ended: () => this.drop(),
      },
    );
  }
}

/** The newest part is most of the run, or not of it: the whole is there as soon. */
function isMost(delivery: Delivery, { partition, first, size }: Extent): boolean {
  const entry = delivery.kind === "records" ? delivery.entries[0] : undefined;
  return entry !== undefined && (entry.partition !== partition || 2n * (entry.offset - first) < size);
}
