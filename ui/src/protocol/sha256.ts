/** SHA-256 of bytes in memory that is used again: no hasher, no copy and no array is made for a digest. */
import { _SHA256 } from "@noble/hashes/sha2.js";

const BLOCK = 64;
/** What the padding may take behind a message. */
export const PADDING_BYTES = BLOCK + 8;

class Compression extends _SHA256 {
  readonly #start = this.get();

  over(view: DataView, from: number, to: number): void {
    this.set(...this.#start);
    const end = from + Math.ceil((to - from + 9) / BLOCK) * BLOCK;
    view.setUint8(to, 0x80);
    for (let at = to + 1; at < end - 8; at += 1) view.setUint8(at, 0);
    view.setUint32(end - 8, Math.floor((to - from) / 0x2000_0000));
    view.setUint32(end - 4, (to - from) << 3);
    for (let at = from; at < end; at += BLOCK) this.process(view, at);
    view.setUint32(from, this.A);
    view.setUint32(from + 4, this.B);
    view.setUint32(from + 8, this.C);
    view.setUint32(from + 12, this.D);
  }
}

const compression = new Compression();

/**
 * Write the first 16 bytes of the digest of `[from, to)` over it, from `from` on. What lies behind `to` is written
 * over too, as far as `PADDING_BYTES`.
 */
export function digestInPlace(view: DataView, from: number, to: number): void {
  compression.over(view, from, to);
}
