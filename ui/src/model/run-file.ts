/**
 * The `.dsrun` file: one run's records (format: `run_file.py` beside the gateway).
 *
 *     file  = magic zstd( body )      magic: "DSRUN" 0x00 0x00 version, version 0x01
 *     body  = *( length value )       length: 4 bytes, big endian
 */

import { Decompress } from "fzstd";
import { DEFAULT_MAX_RECORD_BYTES } from "../protocol/codec";

const MAGIC = [0x44, 0x53, 0x52, 0x55, 0x4e, 0x00, 0x00, 0x01];
const PIECE_BYTES = 64 * 1024;
const BLOCK_BYTES = 1024 * 1024;
const MAX_FILE_RECORD_BYTES = 16 * DEFAULT_MAX_RECORD_BYTES;

/** Not a file that can be opened; the message is for people. */
export class RunFileError extends Error {
  override readonly name = "RunFileError";
}

/** The records' values in order; throws RunFileError where the file is damaged or cut short. */
export function* runFileValues(file: Uint8Array): Generator<Uint8Array> {
  if (MAGIC.some((byte, index) => file[index] !== byte)) {
    throw new RunFileError("This is not a .dsrun file of version 1");
  }
  const values = new ValueReader();
  let ended = false;
  const stream = new Decompress((chunk, isLast) => {
    values.push(chunk);
    ended ||= isLast === true;
  });
  for (let at = MAGIC.length; at < file.length; at += PIECE_BYTES) {
    const end = Math.min(file.length, at + PIECE_BYTES);
    try {
      stream.push(file.subarray(at, end), end === file.length);
    } catch {
      throw new RunFileError(
        end === file.length ? "The file is cut short or damaged" : "The file is damaged",
      );
    }
    yield* values.take();
  }
  if (!ended || !values.isEmpty) throw new RunFileError("The file is cut short");
}

/** Cuts values out of a stream of bytes; values of one block share its buffer. */
class ValueReader {
  #block = new Uint8Array(BLOCK_BYTES);
  #start = 0;
  #end = 0;

  get isEmpty(): boolean {
    return this.#start === this.#end;
  }

  push(chunk: Uint8Array): void {
    const held = this.#end - this.#start;
    if (this.#end + chunk.length > this.#block.length) {
      // Values that were given out stay views into the old block, so it is left as it is.
      const next = new Uint8Array(Math.max(BLOCK_BYTES, 2 * (held + chunk.length)));
      next.set(this.#block.subarray(this.#start, this.#end));
      this.#block = next;
      this.#start = 0;
      this.#end = held;
    }
    this.#block.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  *take(): Generator<Uint8Array> {
    while (this.#end - this.#start >= 4) {
      const length = new DataView(this.#block.buffer, this.#start, 4).getUint32(0);
      if (length > MAX_FILE_RECORD_BYTES) throw new RunFileError("A record in the file is too large");
      if (this.#end - this.#start - 4 < length) return;
      const value = this.#block.subarray(this.#start + 4, this.#start + 4 + length);
      this.#start += 4 + length;
      yield value;
    }
  }
}
