/**
 * Record values to messages (docs/specs/telemetry.md): the one decoder of the page.
 *
 * Nothing is decompressed before the size that it can reach is known to be within the limit: a zstd frame is walked
 * block by block first, whatever size its header declares.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { Decompress } from "fzstd";
import { type DashStreamMessage, DashStreamMessageSchema, type Header } from "./gen/dashstream_pb";

export const SCHEMA_VERSION = 1;
export const DEFAULT_MAX_RECORD_BYTES = 1 << 20;

export type RecordErrorCode =
  | "frame_invalid"
  | "frame_unknown"
  | "decompression_failed"
  | "record_too_large"
  | "decode_failed"
  | "schema_mismatch";

/** A record's bytes cannot be used; `code` is the one of the Python side's error. */
export class RecordError extends Error {
  override readonly name = "RecordError";

  constructor(
    readonly code: RecordErrorCode,
    message: string,
    /** The schema version that the record has, when that is what is wrong. */
    readonly theirs?: number,
  ) {
    super(message);
  }
}

export type MessageCase = Exclude<DashStreamMessage["message"]["case"], undefined>;

export interface DecodedRecord {
  readonly message: Extract<DashStreamMessage["message"], { case: MessageCase }>;
  readonly header: Header | undefined;
}

/** Decode a record's value; throws RecordError. */
export function decodeRecord(value: Uint8Array, maxRecordBytes = DEFAULT_MAX_RECORD_BYTES): DecodedRecord {
  const message = parse(unframe(value, maxRecordBytes)).message;
  if (message.case === undefined)
    throw new RecordError("decode_failed", "the message carries none of the known kinds");
  checkVersion(message.value.header);
  if (message.case === "eventBatch") for (const event of message.value.events) checkVersion(event.header);
  return { message, header: message.value.header };
}

/** Return a record's payload; throws RecordError. */
export function unframe(value: Uint8Array, maxRecordBytes = DEFAULT_MAX_RECORD_BYTES): Uint8Array {
  const kind = value[0];
  if (value.length > maxRecordBytes) throw tooLarge(value.length, maxRecordBytes);
  if (kind === undefined) throw new RecordError("frame_invalid", "an empty value has no frame");
  if (kind === 0x00) return value.subarray(1);
  if (kind === 0x01) return decompressBounded(value.subarray(1), maxRecordBytes);
  // A bare message of the predecessor starts with a field tag.
  if (kind >= 0x0a && kind <= 0x4a && (kind & 7) === 2) return value;
  throw new RecordError("frame_unknown", `first byte ${kind} names no framing`);
}

function parse(payload: Uint8Array): DashStreamMessage {
  try {
    return fromBinary(DashStreamMessageSchema, payload);
  } catch {
    throw new RecordError("decode_failed", "the payload is not a DashStreamMessage");
  }
}

function checkVersion(header: Header | undefined): void {
  const theirs = header?.schemaVersion ?? 0;
  if (theirs > SCHEMA_VERSION) {
    throw new RecordError(
      "schema_mismatch",
      `schema version ${theirs} is newer than ${SCHEMA_VERSION}`,
      theirs,
    );
  }
}

function tooLarge(size: number, limit: number): RecordError {
  return new RecordError("record_too_large", `a record of ${size} bytes is above ${limit} bytes`);
}

/** Decompress exactly one zstd frame of at most `limit` bytes (RFC 8878). */
export function decompressBounded(data: Uint8Array, limit: number): Uint8Array {
  const frame = walkFrame(data);
  if (frame.end !== data.length) throw damaged("there is more than one zstd frame");
  if (frame.declared !== null && frame.declared > limit) throw tooLarge(frame.declared, limit);
  if (frame.window > Math.max(MAX_WINDOW, limit)) throw tooLarge(frame.window, limit);
  if (frame.declared === null && frame.atMost > limit + MAX_BLOCK) throw tooLarge(frame.atMost, limit);
  const payload = inflate(data, limit);
  if (frame.declared !== null && payload.length !== frame.declared)
    throw damaged("the declared size is false");
  return payload;
}

/** Decompress block by block: the one-shot call would pad or cut to the size that the header claims. */
function inflate(data: Uint8Array, limit: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  let size = 0;
  const stream = new Decompress((block) => {
    size += block.length;
    if (size <= limit) blocks.push(block.slice());
  });
  try {
    stream.push(data, true);
  } catch {
    throw damaged("damaged zstd frame");
  }
  if (size > limit) throw tooLarge(size, limit);
  const payload = new Uint8Array(size);
  let at = 0;
  for (const block of blocks) {
    payload.set(block, at);
    at += block.length;
  }
  return payload;
}

const MAX_BLOCK = 128 * 1024;
const MAX_WINDOW = 8 * 1024 * 1024;

interface FrameExtent {
  /** Where the frame ends. */
  end: number;
  /** The content size in the header, if there is one. */
  declared: number | null;
  /** The most that the blocks can hold. */
  atMost: number;
  /** Memory that a decoder needs; 0 where it is the declared size. */
  window: number;
}

/** Walk the block headers of the first frame; throws when it is cut short. */
function walkFrame(data: Uint8Array): FrameExtent {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  if (data.length < 6 || view.getUint32(0, true) !== 0xfd2fb528) throw damaged("not a zstd frame");
  const descriptor = view.getUint8(4);
  const single = (descriptor >> 5) & 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const sizeBytes = [single, 2, 4, 8][descriptor >> 6] as number;
  const window = single ? 0 : windowSize(view.getUint8(5));
  let at = 5 + (single ? 0 : 1) + dictionaryBytes;
  if (at + sizeBytes > data.length) throw damaged("the zstd frame is cut short");
  const declared = sizeBytes === 0 ? null : contentSize(view, at, sizeBytes);
  at += sizeBytes;
  let atMost = 0;
  for (let last = false; !last; ) {
    if (at + 3 > data.length) throw damaged("the zstd frame is cut short");
    const bits = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    last = (bits & 1) === 1;
    const type = (bits >> 1) & 3;
    const size = bits >>> 3;
    atMost += type === 2 ? MAX_BLOCK : size;
    at += 3 + (type === 1 ? 1 : size);
  }
  at += descriptor & 4 ? 4 : 0;
  if (at > data.length) throw damaged("the zstd frame is cut short");
  return { end: at, declared, atMost, window };
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  if (bytes === 4) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}

function damaged(message: string): RecordError {
  return new RecordError("decompression_failed", message);
}
