import { sha256 } from "@noble/hashes/sha2.js";
import { expect, it } from "vitest";
import { digestInPlace, PADDING_BYTES } from "./sha256";

it("is SHA-256 at every length and place, and writes over nothing but the message and its padding", () => {
  for (let length = 0; length <= 260; length += 1) {
    const from = length % 7;
    const memory = new Uint8Array(from + length + PADDING_BYTES + 9).fill(0xee);
    const message = Uint8Array.from({ length }, (_, index) => (index * 31 + length) & 0xff);
    memory.set(message, from);
    digestInPlace(new DataView(memory.buffer), from, from + length);
    expect(memory.slice(from, from + 16)).toEqual(sha256(message).slice(0, 16));
    expect(memory.slice(0, from)).toEqual(new Uint8Array(from).fill(0xee));
    expect(memory.slice(from + length + PADDING_BYTES)).toEqual(new Uint8Array(9).fill(0xee));
  }
});
