/**
 * The records of one run in the order they were applied: columns for what lists need, and the raw bytes, which are
 * views into the frames they came in.
 *
 * Bytes are bounded: above the budget those of the oldest frames are dropped, the columns stay.
 */

import { BigColumn, countBelow, float64, int32, Names, uint16, uint32 } from "./columns";

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
const MAX_BYTES = 512 * 1024 * 1024;

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
  readonly #summaries: string[] = [];
  readonly #slabs: (Slab | null)[] = [];
  #firstHeldSlab = 0;
  #heldBytes = 0;
  #ascending = true;

  constructor(private readonly maxBytes = MAX_BYTES) {}

  get length(): number {
    return this.#summaries.length;
  }

  /** Rows from which bytes are still held; 0 means all. */
  get droppedBytes(): boolean {
    return this.#firstHeldSlab > 0;
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

  /** The record's value as it stood on the log; null when its bytes were dropped. */
  value(row: number): Uint8Array | null {
    const slab = this.#slabs[this.#slabOf.at(row)];
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
    return this.#summaries[row] ?? "";
  }

  /** The row of a record, or of a place inside a batch; null when there is none. */
  rowOf(offset: bigint, inner: number): number | null {
    let row = countBelow(this.length, 1, (at) => (this.offset(at) < offset ? 0 : 1));
    while (row < this.length && this.offset(row) === offset && this.inner(row) !== inner) row += 1;
    return row < this.length && this.offset(row) === offset ? row : null;
  }

  /** Number of rows up to and including a sequence. */
  rowsThrough(sequence: bigint): number {
    if (this.#ascending) return countBelow(this.length, 1, (row) => (this.sequence(row) <= sequence ? 0 : 1));
    for (let row = this.length - 1; row >= 0; row -= 1) {
      if (this.sequence(row) <= sequence && this.sequence(row) > 0n) return row + 1;
    }
    return 0;
  }

  #keep(value: Uint8Array): void {
    const last = this.#slabs.at(-1);
    if (last?.buffer !== value.buffer) {
      this.#slabs.push({ buffer: value.buffer, bytes: value.buffer.byteLength });
      this.#heldBytes += value.buffer.byteLength;
      this.#shed();
    }
    this.#slabOf.push(this.#slabs.length - 1);
    this.#starts.push(value.byteOffset);
    this.#lengths.push(value.byteLength);
  }

  #shed(): void {
    while (this.#heldBytes > this.maxBytes && this.#firstHeldSlab < this.#slabs.length - 1) {
      this.#heldBytes -= this.#slabs[this.#firstHeldSlab]?.bytes ?? 0;
      this.#slabs[this.#firstHeldSlab] = null;
      this.#firstHeldSlab += 1;
    }
  }
}
