/**
 * What was seen of each producer's counting: repeats are recognised before anything is changed, holes are counted.
 *
 * Laws: an item counts once for its (producer, epoch, thread, sequence); an unsequenced one counts once for its place
 * on the log. Holes are told from the run's own count where the producer keeps one: the thread's goes on with every
 * other run of the thread, of which nothing is known here. What is remembered is bounded: an unsequenced item from before
 * the horizon is a repeat, and so is what would fill one of the oldest of more than `HOLES_KEPT` holes.
 */

import type { Header } from "../protocol/gen/dashstream_pb";
import { HOLES_KEPT, SequenceSet } from "./sequences";

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

interface Counted {
  readonly seen: SequenceSet;
  /** Number that the count begins with, or null where it may begin anywhere. */
  readonly start: bigint | null;
  /** Step that was current when a number was jumped to; by that number. */
  readonly jumps: Map<bigint, number | null>;
}

/** What the newest item's producer counts: most items are of the same as the one before. */
interface Newest {
  readonly header: Header;
  readonly isCountedByRun: boolean;
  readonly identity: SequenceSet;
  readonly counted: Counted;
}

export class Producers {
  #newest: Newest | null = null;
  readonly #identities = new Map<string, SequenceSet>();
  readonly #counts = new Map<string, Counted>();
  /** Offsets of unsequenced items, by their place. */
  readonly #unsequenced = new Map<string, bigint>();
  #horizon = 0n;

  /** Take note of an item; false when it was there already. `step` is the current one. */
  add(header: Header, place: Place, step: number | null): boolean {
    if (header.sequence === 0n) {
      const key = `${place.partition} ${place.offset} ${place.inner}`;
      if (place.offset < this.#horizon || this.#unsequenced.has(key)) return false;
      this.#unsequenced.set(key, place.offset);
      return true;
    }
    const { identity, counted, isCountedByRun } = this.#countsOf(header);
    if (!identity.add(header.sequence)) return false;
    note(counted, isCountedByRun ? header.runSequence : header.sequence, step);
    return true;
  }

  /** No item from below this offset is news any more. */
  letGoBefore(offset: bigint): void {
    this.#horizon = offset;
    for (const [key, at] of this.#unsequenced) if (at < offset) this.#unsequenced.delete(key);
  }

  #countsOf(header: Header): Newest {
    const isCountedByRun = header.runSequence > 0n;
    const newest = this.#newest;
    if (newest?.isCountedByRun === isCountedByRun && isOfSameCount(header, newest.header)) return newest;
    const life = `${header.producerId}\n${header.producerEpoch}`;
    const identity = kept(this.#identities, `${life}\n${header.threadId}`, newSet);
    const counted = isCountedByRun
      ? kept(this.#counts, `${life}\nrun ${header.runId}`, newRunCount)
      : kept(this.#counts, `${life}\nthread ${header.threadId}`, newThreadCount);
    this.#newest = { header, isCountedByRun, identity, counted };
    return this.#newest;
  }

  /** Ranges of sequences that are missing in between, at most `limit`. */
  holes(limit: number): SequenceHole[] {
    const holes: SequenceHole[] = [];
    for (const counted of this.#counts.values()) {
      for (const [from, to] of holesOf(counted)) {
        if (holes.length >= limit) return holes;
        holes.push({ from, to, step: counted.jumps.get(to) ?? null });
      }
    }
    return holes;
  }

  /** Sequences that are missing in between. */
  get missing(): bigint {
    let missing = 0n;
    for (const counted of this.#counts.values()) missing += counted.seen.missing + missingAtFront(counted);
    return missing;
  }

  get holeCount(): number {
    let count = 0;
    for (const counted of this.#counts.values()) {
      count += counted.seen.holeCount + (missingAtFront(counted) > 0n ? 1 : 0);
    }
    return count;
  }
}

function isOfSameCount(left: Header, right: Header): boolean {
  return (
    left.producerId === right.producerId &&
    left.producerEpoch === right.producerEpoch &&
    left.threadId === right.threadId &&
    left.runId === right.runId
  );
}

const newSet = () => new SequenceSet();
const newRunCount = (): Counted => ({ seen: new SequenceSet(), start: 1n, jumps: new Map() });
const newThreadCount = (): Counted => ({ seen: new SequenceSet(), start: null, jumps: new Map() });

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function note(counted: Counted, number: bigint, step: number | null): void {
  const last = counted.seen.last;
  counted.seen.add(number);
  if (last === null || number <= last + 1n) return;
  const { jumps } = counted;
  jumps.set(number, step);
  const oldest = jumps.keys().next().value;
  if (jumps.size > HOLES_KEPT && oldest !== undefined) jumps.delete(oldest);
}

function missingAtFront({ seen, start }: Counted): bigint {
  return start === null || seen.first === null ? 0n : seen.first - start;
}

function* holesOf(counted: Counted): Generator<readonly [from: bigint, to: bigint]> {
  const { seen, start } = counted;
  if (start !== null && seen.first !== null && seen.first > start) yield [start, seen.first];
  if (seen.holeCount > 0) yield* seen.holes();
}
