/**
 * Data frames: how records travel from the gateway to a client.
 *
 *     frame    = version flags subscription delivery entries
 *     version  = 0x02
 *     flags    = 1 byte; bit 0: the entries are one zstd frame; other bits 0
 *     subscription = varint
 *     delivery = 0x10 varint          field first_delivery of dashstream.v1.Batch, from 1
 *     entries  = *( 0x0A varint Entry )   field entries of dashstream.v1.Batch
 *
 * An entry's value is a view into the frame, so holding a record holds its frame and copies nothing.
 */

import { fromBinary } from "@bufbuild/protobuf";
import { BatchSchema, type Entry } from "./gen/dashstream_pb";

const VERSION = 2;
const FLAG_ZSTD = 1;

/** A binary frame that is not a data frame of this version. */
export class BatchError extends Error {
  constructor(message: string) {
    super(`data frame: ${message}`);
    this.name = "BatchError";
  }
}

export interface DataFrame {
  readonly subscription: number;
  readonly firstDelivery: bigint;
  readonly entries: readonly Entry[];
}

/**
 * A data frame's content. `decompress` bounds what it returns before it allocates.
 *
 * @throws BatchError when it is not a data frame of this version or is damaged.
 */
export function decodeDataFrame(
  data: Uint8Array,
  decompress: ((data: Uint8Array) => Uint8Array) | null,
): DataFrame {
  const flags = data[1];
  if (data[0] !== VERSION || flags === undefined || (flags & ~FLAG_ZSTD) !== 0) {
    throw new BatchError("unknown version or flags");
  }
  const subscription = readVarint(data, 2);
  if (data[subscription.end] !== 0x10) throw new BatchError("no delivery counter");
  const delivery = readVarint(data, subscription.end + 1);
  let entries = data.subarray(delivery.end);
  if ((flags & FLAG_ZSTD) !== 0) {
    if (decompress === null) throw new BatchError("compressed, but no compression was agreed");
    entries = decompress(entries);
  }
  try {
    const batch = fromBinary(BatchSchema, entries, { readUnknownFields: false });
    return {
      subscription: Number(subscription.value),
      firstDelivery: delivery.value,
      entries: batch.entries,
    };
  } catch (error) {
    throw new BatchError(`entries are damaged (${error instanceof Error ? error.message : String(error)})`);
  }
}

function readVarint(data: Uint8Array, start: number): { value: bigint; end: number } {
  let value = 0n;
  let at = start;
  for (let shift = 0n; shift < 64n; shift += 7n) {
    const byte = data[at];
    if (byte === undefined) break;
    at += 1;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return { value, end: at };
  }
  throw new BatchError("a varint is cut or too long");
}

/** What a delivered entry is to a reader. */
export type Continuation = "contiguous" | "duplicate" | "hole";

/**
 * The one rule by which a reader of a subscription sees that nothing is missing.
 *
 * Holds the next offset of each partition, from `subscribed.start` on. Only a contiguous entry advances it: a
 * duplicate is dropped, and a hole means that the connection is broken and resumed from here. Gaps and progress
 * advance it by `advance`. A partition that was not in the start begins with its first entry.
 */
export class Continuity {
  readonly #positions: Map<number, bigint>;

  constructor(positions: ReadonlyMap<number, bigint>) {
    this.#positions = new Map(positions);
  }

  get positions(): ReadonlyMap<number, bigint> {
    return this.#positions;
  }

  /** Say what an entry is, and advance if it is contiguous. */
  record(partition: number, offset: bigint, step: bigint): Continuation {
    const next = this.#positions.get(partition);
    if (next !== undefined) {
      if (offset < next) return "duplicate";
      if (step !== 0n && offset - step >= next) return "hole";
    }
    this.#positions.set(partition, offset + 1n);
    return "contiguous";
  }

  /** The entries to take in, up to the first hole; duplicates are counted and left out. */
  sift(entries: readonly Entry[]): { fresh: readonly Entry[]; duplicates: number; hole: Entry | null } {
    const fresh: Entry[] = [];
    let duplicates = 0;
    for (const entry of entries) {
      const verdict = this.record(entry.partition, entry.offset, entry.step);
      if (verdict === "contiguous") fresh.push(entry);
      else if (verdict === "duplicate") duplicates += 1;
      else return { fresh, duplicates, hole: entry };
    }
    return { fresh, duplicates, hole: null };
  }

  /** Take note that everything below `offset` is accounted for. */
  advance(partition: number, offset: bigint): void {
    const next = this.#positions.get(partition);
    if (next === undefined || offset > next) this.#positions.set(partition, offset);
  }
}
