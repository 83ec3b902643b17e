/**
 * The records of one run in the order they were applied: columns for what lists need, and the raw bytes, which are
 * views into the frames they came in.
 *
 * Above the bound the oldest records are let go, see `horizon.ts`. Rows keep their numbers.
 */

import { BigColumn, countBelow, float64, int32, Names, uint16, uint32 } from "./columns";
import { type Bound, PAGE_BOUND } from "./horizon";
import { Tail } from "./tail";

export interface RecordEntry {
  readonly partition: number;
  readonly offset: bigint;
  readonly sequence: bigint;
  readonly kind: string;
  readonly type: string;
  readonly timestampUs: number;
  readonly nodeId: string;
  readonly attempt: number;
  readonly superstep: bigint | undefined;
  /** Root step that is current once this record is applied; -1 before the first. */
  readonly step: number;
  readonly summary: string;
  readonly value: Uint8Array;
  /** Place inside a batch record, from 1; 0 for a record of its own. */
  readonly inner: number;
}

const NO_SUPERSTEP = -0x8000_0000;
/** What is left of the bound when the oldest records go. */
const KEPT = 7 / 8;

interface Slab {
  readonly buffer: ArrayBufferLike;
  readonly bytes: number;
}

export class RecordStore {
  readonly names = new Names();
  readonly kindColumn = uint32();
  readonly typeColumn = uint32();
  readonly nodeColumn = uint32();
  readonly stepColumn = int32();
  readonly #sequences = new BigColumn();
  readonly #offsets = new BigColumn();
  readonly #partitions = uint16();
  readonly #timestamps = float64();
  readonly #attempts = uint16();
  readonly #supersteps = int32();
  readonly #slabOf = uint32();
  readonly #starts = uint32();
  readonly #lengths = uint32();
  readonly #inner = uint32();
  readonly #summaries = new Tail<string>();
  readonly #slabs = new Tail<Slab>();
  #heldBytes = 0;
  #ascending = true;

  constructor(private readonly bound: Bound = PAGE_BOUND) {}

  /** Rows that ever were: the number of the next one. */
  get length(): number {
    return this.#summaries.length;
  }

  /** The first row that is held. */
  get first(): number {
    return this.#summaries.first;
  }

  /** More is held than is allowed, and some of it can go. */
  get isAboveBound(): boolean {
    const isSeveral = this.#slabs.length - this.#slabs.first > 1;
    return this.length - this.first > this.bound.records || (isSeveral && this.#heldBytes > this.bound.bytes);
  }

  append(entry: RecordEntry): number {
    const row = this.length;
    if (row > 0 && entry.sequence < this.sequence(row - 1)) this.#ascending = false;
    this.#sequences.push(entry.sequence);
    this.#offsets.push(entry.offset);
    this.#partitions.push(entry.partition);
    this.kindColumn.push(this.names.id(entry.kind));
    this.typeColumn.push(this.names.id(entry.type));
    this.nodeColumn.push(this.names.id(entry.nodeId));
    this.stepColumn.push(entry.step);
    this.#timestamps.push(entry.timestampUs);
    this.#attempts.push(Math.min(entry.attempt, 0xffff));
    this.#supersteps.push(entry.superstep === undefined ? NO_SUPERSTEP : Number(entry.superstep));
    this.#inner.push(entry.inner);
    this.#summaries.push(entry.summary);
    this.#keep(entry.value);
    return row;
  }

  /** The record's value as it stood on the log; null when it is not held. */
  value(row: number): Uint8Array | null {
    if (row < this.first || row >= this.length) return null;
    const slab = this.#slabs.at(this.#slabOf.at(row));
    return slab ? new Uint8Array(slab.buffer, this.#starts.at(row), this.#lengths.at(row)) : null;
  }

  sequence(row: number): bigint {
    return this.#sequences.at(row);
  }

  offset(row: number): bigint {
    return this.#offsets.at(row);
  }

  partition(row: number): number {
    return this.#partitions.at(row);
  }

  kind(row: number): string {
    return this.names.name(this.kindColumn.at(row));
  }

  type(row: number): string {
    return this.names.name(this.typeColumn.at(row));
  }

  node(row: number): string {
    return this.names.name(this.nodeColumn.at(row));
  }

  timestampUs(row: number): number {
    return this.#timestamps.at(row);
  }

  attempt(row: number): number {
    return this.#attempts.at(row);
  }

  superstep(row: number): string | null {
    const superstep = this.#supersteps.at(row);
    return superstep === NO_SUPERSTEP ? null : String(superstep);
  }

  inner(row: number): number {
    return this.#inner.at(row);
  }

  bytes(row: number): number {
    return this.#lengths.at(row);
  }

  summary(row: number): string {
    return this.#summaries.at(row) ?? "";
  }

  /** The row of a record, or of a place inside a batch; null when none is held. */
  rowOf(offset: bigint, inner: number): number | null {
    let row = this.#firstThat((at) => this.offset(at) >= offset);
    while (row < this.length && this.offset(row) === offset && this.inner(row) !== inner) row += 1;
    return row < this.length && this.offset(row) === offset ? row : null;
  }

  /** Number of rows up to and including a sequence. */
  rowsThrough(sequence: bigint): number {
    if (this.#ascending) return this.#firstThat((row) => this.sequence(row) > sequence);
    for (let row = this.length - 1; row >= this.first; row -= 1) {
      if (this.sequence(row) <= sequence && this.sequence(row) > 0n) return row + 1;
    }
    return this.first;
  }

  /** The row to let go before, so that the bound leaves room again. */
  newHorizon(): number {
    const { bytes, records } = this.bound;
    const row = Math.max(this.first, this.length - Math.max(1, Math.floor(records * KEPT)));
    let excess = this.#heldBytes - bytes * KEPT;
    let slab = this.#slabs.first;
    for (; excess > 0 && slab < this.#slabs.length - 1; slab += 1) excess -= this.#slabs.at(slab)?.bytes ?? 0;
    return Math.max(
      row,
      this.#firstThat((at) => this.#slabOf.at(at) >= slab),
    );
  }

  letGoBefore(row: number): void {
    const slab = this.#slabOf.at(row);
    for (const { bytes } of this.#slabs.between(this.#slabs.first, slab)) this.#heldBytes -= bytes;
    this.#slabs.letGoBefore(slab);
    for (const column of [this.#sequences, this.#offsets]) column.letGoBefore(row);
    for (const column of [this.kindColumn, this.typeColumn, this.nodeColumn, this.stepColumn]) {
      column.letGoBefore(row);
    }
    for (const column of [this.#partitions, this.#timestamps, this.#attempts, this.#supersteps]) {
      column.letGoBefore(row);
    }
    for (const column of [this.#slabOf, this.#starts, this.#lengths, this.#inner]) column.letGoBefore(row);
    this.#summaries.letGoBefore(row);
  }

  /** The first held row from which on something is true. */
  #firstThat(isTrue: (row: number) => boolean): number {
    const { first } = this;
    return first + countBelow(this.length - first, 1, (index) => (isTrue(first + index) ? 1 : 0));
  }

  #keep(value: Uint8Array): void {
    if (this.#slabs.last?.buffer !== value.buffer) {
      this.#slabs.push({ buffer: value.buffer, bytes: value.buffer.byteLength });
      this.#heldBytes += value.buffer.byteLength;
    }
    this.#slabOf.push(this.#slabs.length - 1);
    this.#starts.push(value.byteOffset);
    this.#lengths.push(value.byteLength);
  }
}
