/**
 * The state hash TREE_1 (docs/specs/state.md): the same value as the Python side, at the cost of the change.
 *
 * Accumulators are kept beside each container in a WeakMap, so states that share containers share them too, and a
 * state that nobody holds any more frees its own.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { JsonObject, JsonValue } from "./json";
import { type Container, Editor, type PatchOp } from "./patch";
import { MAX_DEPTH } from "./weight";

export const DIGEST_BYTES = 16;

/** A value is outside the JSON model. */
export class StateValueError extends Error {
  override readonly name = "StateValueError";
}

const PRIME = (1n << 127n) - 1n;
const BASE = 0x3c6ef372fe94f82ba54ff53a5f1d36f1n % PRIME;
const INVERSE = power(BASE, PRIME - 2n);
const MASK = (1n << 128n) - 1n;
const LOWEST = -(1n << 63n);
const HIGHEST = (1n << 64n) - 1n;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const accumulators = new WeakMap<Container, bigint>();
const unused = sha256.create();
const hasher = sha256.create();
const digest = new Uint8Array(32);
const digestView = new DataView(digest.buffer);
const containerBytes = new Uint8Array(25);
const containerView = new DataView(containerBytes.buffer);
const encoder = new TextEncoder();

/** Return the 16-byte hash of a state; throws StateValueError when the value is outside the model. */
export function stateHash(value: JsonValue): Uint8Array {
  return digestOf(encode(value, 0)).slice(0, DIGEST_BYTES);
}

export function sameHash(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** A state with its hash; `apply` returns the next one and leaves this one as it is. */
export class HashedState {
  private constructor(
    readonly value: JsonValue,
    readonly hash: Uint8Array,
  ) {}

  static of(value: JsonValue): HashedState {
    return new HashedState(value, stateHash(value));
  }

  apply(ops: readonly PatchOp[]): HashedState {
    const editor = new HashingEditor(this.value);
    for (const op of ops) editor.edit(op);
    return HashedState.of(editor.root);
  }
}

class HashingEditor extends Editor {
  protected override copied(old: Container, fresh: Container): void {
    accumulators.set(fresh, accumulator(old, 0));
  }

  protected override set(
    trail: Container[],
    path: readonly string[],
    key: string | number,
    value: JsonValue,
  ): void {
    const before = trail.map((container) => encode(container, 0));
    const parent = trail.at(-1) as Container;
    let total = accumulator(parent, 0);
    const next = encode(value, path.length);
    if (Array.isArray(parent)) {
      const old = encode(parent[key as number] as JsonValue, 0);
      total = mod(
        total + (element(next) - element(old)) * power(BASE, BigInt(parent.length - 1 - (key as number))),
      );
    } else {
      const old = Object.hasOwn(parent, key)
        ? member(key as string, encode(parent[key] as JsonValue, 0))
        : 0n;
      total = (total - old + member(key as string, next)) & MASK;
    }
    super.set(trail, path, key, value);
    settle(trail, path, before, total);
  }

  protected override insert(
    trail: Container[],
    path: readonly string[],
    index: number,
    value: JsonValue,
  ): void {
    const before = trail.map((container) => encode(container, 0));
    const parent = trail.at(-1) as JsonValue[];
    const [head, tail] = split(parent, index, index);
    const place = element(encode(value, path.length)) * power(BASE, BigInt(parent.length - index));
    super.insert(trail, path, index, value);
    settle(trail, path, before, mod(head * BASE + place + tail));
  }

  protected override remove(trail: Container[], path: readonly string[], key: string | number): void {
    const before = trail.map((container) => encode(container, 0));
    const parent = trail.at(-1) as Container;
    let total: bigint;
    if (Array.isArray(parent)) {
      const [head, tail] = split(parent, key as number, (key as number) + 1);
      total = mod(head * INVERSE + tail);
    } else {
      const old = member(key as string, encode(parent[key] as JsonValue, 0));
      total = (accumulator(parent, 0) - old) & MASK;
    }
    super.remove(trail, path, key);
    settle(trail, path, before, total);
  }
}

/** Return the shares of `array[0, headEnd)` and `array[tailStart, end)` in the array's accumulator. */
function split(array: JsonValue[], headEnd: number, tailStart: number): [bigint, bigint] {
  const share = (index: number) =>
    element(encode(array[index] as JsonValue, 0)) * power(BASE, BigInt(array.length - 1 - index));
  const sum = (from: number, to: number) => {
    let total = 0n;
    for (let index = from; index < to; index += 1) total = mod(total + share(index));
    return total;
  };
  const rest = accumulator(array, 0) - sum(headEnd, tailStart);
  if (headEnd <= array.length - tailStart) {
    const head = sum(0, headEnd);
    return [head, mod(rest - head)];
  }
  const tail = sum(tailStart, array.length);
  return [mod(rest - tail), tail];
}

/** Store the changed container's accumulator and carry the change up to the root. */
function settle(trail: Container[], path: readonly string[], before: Uint8Array[], changed: bigint): void {
  accumulators.set(trail.at(-1) as Container, changed);
  for (let level = trail.length - 2; level >= 0; level -= 1) {
    const container = trail[level] as Container;
    const old = before[level + 1] as Uint8Array;
    const next = encode(trail[level + 1] as Container, 0);
    const key = path[level] as string;
    const total = accumulator(container, 0);
    accumulators.set(
      container,
      Array.isArray(container)
        ? mod(
            total + (element(next) - element(old)) * power(BASE, BigInt(container.length - 1 - Number(key))),
          )
        : (total - member(key, old) + member(key, next)) & MASK,
    );
  }
}

function encode(value: JsonValue, depth: number): Uint8Array {
  switch (typeof value) {
    case "string":
      return tagged("s", utf8(value));
    case "number":
    case "bigint":
      return encodeNumber(value);
    case "boolean":
      return encoder.encode(value ? "t" : "f");
    default:
      return value === null ? encoder.encode("z") : encodeContainer(value, depth);
  }
}

function encodeNumber(value: number | bigint): Uint8Array {
  if (typeof value === "bigint") {
    if (value < LOWEST || value > HIGHEST)
      throw new StateValueError("an integer is outside [-2**63, 2**64-1]");
    return encoder.encode(`i${value}`);
  }
  if (!Number.isFinite(value)) throw new StateValueError("a number is not finite");
  if (Number.isInteger(value))
    return encoder.encode(`i${Number.isSafeInteger(value) ? value : BigInt(value)}`);
  const bytes = new Uint8Array(9);
  bytes[0] = 0x64;
  new DataView(bytes.buffer).setFloat64(1, value);
  return bytes;
}

function encodeContainer(value: Container, depth: number): Uint8Array {
  const isArray = Array.isArray(value);
  const total = accumulator(value, depth);
  containerView.setUint8(0, isArray ? 0x41 : 0x4f);
  containerView.setBigUint64(1, BigInt(isArray ? value.length : Object.keys(value).length));
  containerView.setBigUint64(9, total >> 64n);
  containerView.setBigUint64(17, total & 0xffffffffffffffffn);
  return tagged(isArray ? "a" : "o", digestOf(containerBytes).subarray(0, DIGEST_BYTES));
}

function accumulator(container: Container, depth: number): bigint {
  const kept = accumulators.get(container);
  if (kept !== undefined) return kept;
  if (depth >= MAX_DEPTH) throw new StateValueError(`nested deeper than ${MAX_DEPTH}`);
  const total = Array.isArray(container) ? polynomial(container, depth) : sumOfMembers(container, depth);
  accumulators.set(container, total);
  return total;
}

function polynomial(array: JsonValue[], depth: number): bigint {
  let total = 0n;
  for (const value of array) total = mod(total * BASE + element(encode(value, depth + 1)));
  return total;
}

function sumOfMembers(object: JsonObject, depth: number): bigint {
  let total = 0n;
  for (const key of Object.keys(object)) total += member(key, encode(object[key] as JsonValue, depth + 1));
  return total & MASK;
}

function member(key: string, encoded: Uint8Array): bigint {
  const name = utf8(key);
  const bytes = new Uint8Array(5 + name.length + encoded.length);
  bytes[0] = 0x6d;
  bytes[1] = name.length >>> 24;
  bytes[2] = name.length >>> 16;
  bytes[3] = name.length >>> 8;
  bytes[4] = name.length;
  bytes.set(name, 5);
  bytes.set(encoded, 5 + name.length);
  return first128Of(bytes);
}

function element(encoded: Uint8Array): bigint {
  return first128Of(encoded) % PRIME;
}

function first128Of(bytes: Uint8Array): bigint {
  digestOf(bytes);
  return (digestView.getBigUint64(0) << 64n) | digestView.getBigUint64(8);
}

/** The SHA-256 of some bytes, in memory that the next call writes over: a new hasher for each would cost more than it. */
function digestOf(bytes: Uint8Array): Uint8Array {
  unused._cloneInto(hasher);
  hasher.update(bytes).digestInto(digest);
  return digest;
}

function utf8(text: string): Uint8Array {
  if (LONE_SURROGATE.test(text)) throw new StateValueError("a string holds a lone surrogate");
  return encoder.encode(text);
}

function tagged(tag: string, bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 1);
  out[0] = tag.charCodeAt(0);
  out.set(bytes, 1);
  return out;
}

/** The remainder in [0, PRIME); `%` alone keeps the sign. */
function mod(value: bigint): bigint {
  const rest = value % PRIME;
  return rest < 0n ? rest + PRIME : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % PRIME;
    square = (square * square) % PRIME;
  }
  return result;
}
