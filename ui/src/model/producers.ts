/**
 * What was seen of each producer's counting: repeats are recognised before anything is changed, holes are counted.
 *
 * Law: an item counts once for its (producer, epoch, thread, sequence); an unsequenced one counts once for its
 * place on the log.
 */

import type { Header } from "../protocol/gen/dashstream_pb";
import { SequenceSet } from "./sequences";

export interface Place {
  readonly partition: number;
  readonly offset: bigint;
  readonly inner: number;
}

/** A range of sequences that never came, with the step after which it stands. */
export interface SequenceHole {
  readonly from: bigint;
  readonly to: bigint;
  readonly step: number | null;
}

interface Producer {
  readonly seen: SequenceSet;
  /** Step that was current when a sequence was jumped to; by that sequence. */
  readonly jumps: Map<bigint, number | null>;
}

export class Producers {
  readonly #producers = new Map<string, Producer>();
  readonly #unsequenced = new Set<string>();

  /** Take note of an item; false when it was there already. `step` is the current one. */
  add(header: Header, place: Place, step: number | null): boolean {
    if (header.sequence === 0n) {
      const key = `${place.partition} ${place.offset} ${place.inner}`;
      if (this.#unsequenced.has(key)) return false;
      this.#unsequenced.add(key);
      return true;
    }
    const key = `${header.producerId}\n${header.producerEpoch}\n${header.threadId}`;
    let producer = this.#producers.get(key);
    if (producer === undefined) {
      producer = { seen: new SequenceSet(), jumps: new Map() };
      this.#producers.set(key, producer);
    }
    const last = producer.seen.last;
    if (!producer.seen.add(header.sequence)) return false;
    if (last !== null && header.sequence > last + 1n) producer.jumps.set(header.sequence, step);
    return true;
  }

  /** Ranges of sequences that are missing in between, at most `limit`. */
  holes(limit: number): SequenceHole[] {
    const holes: SequenceHole[] = [];
    for (const { seen, jumps } of this.#producers.values()) {
      if (seen.holeCount === 0) continue;
      for (const [from, to] of seen.holes()) {
        if (holes.length >= limit) return holes;
        holes.push({ from, to, step: jumps.get(to) ?? null });
      }
    }
    return holes;
  }

  /** Sequences that are missing in between. */
  get missing(): bigint {
    let missing = 0n;
    for (const { seen } of this.#producers.values()) missing += seen.missing;
    return missing;
  }

  get holeCount(): number {
    let count = 0;
    for (const { seen } of this.#producers.values()) count += seen.holeCount;
    return count;
  }
}
