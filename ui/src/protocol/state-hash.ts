/**
 * The state hash TREE_1 (docs/specs/state.md): the same value as the Python side, at the cost of the change.
 *
 * Accumulators are kept beside each container in a WeakMap, so states that share containers share them too, and a
 * state that nobody holds any more frees its own.
 */
import type { JsonObject, JsonValue } from "./json";
import { type Container, Editor, type PatchOp } from "./patch";
import { digestInPlace, PADDING_BYTES } from "./sha256";
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
/** Shorter texts are written faster one by one than by the engine's encoder. */
const SHORT_TEXT = 64;

const accumulators = new WeakMap<Container, bigint>();
/** BASE to the powers 1, 2, 4, 8, ... */
const squares = [BASE];
const encoder = new TextEncoder();

/** What is being hashed, inner values behind the outer ones that wait for them. */
let scratch = new Uint8Array(4096);
let scratchView = new DataView(scratch.buffer);

/** Return the 16-byte hash of a state; throws StateValueError when the value is outside the model. */
export function stateHash(value: JsonValue): Uint8Array {
  const end = encode(value, 0, 0);
  digestInPlace(scratchView, 0, end);
  return scratch.slice(0, DIGEST_BYTES);
}

export function sameHash(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at += 1) if (left[at] !== right[at]) return false;
  return true;
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
    accumulators.set(fresh, accumulator(old, 0, 0));
  }

  protected override set(
    trail: Container[],
    path: readonly string[],
    key: string | number,
    value: JsonValue,
  ): void {
    const before = digestsOf(trail, path);
    const parent = trail.at(-1) as Container;
    const isNew = !Array.isArray(parent) && !Object.hasOwn(parent, key);
    const old = isNew ? 0n : digestIn(parent, key, member(parent, key), 0);
    const total = exchanged(parent, key, old, digestIn(parent, key, value, path.length));
    super.set(trail, path, key, value);
    settle(trail, path, before, total);
  }

  protected override insert(
    trail: Container[],
    path: readonly string[],
    index: number,
    value: JsonValue,
  ): void {
    const before = digestsOf(trail, path);
    const parent = trail.at(-1) as JsonValue[];
    const [head, tail] = split(parent, index, index);
    const place = elementDigest(value, path.length, 0) * powerOfBase(parent.length - index);
    super.insert(trail, path, index, value);
    settle(trail, path, before, mod(head * BASE + place + tail));
  }

  protected override remove(trail: Container[], path: readonly string[], key: string | number): void {
    const before = digestsOf(trail, path);
    const parent = trail.at(-1) as Container;
    let total: bigint;
    if (Array.isArray(parent)) {
      const [head, tail] = split(parent, key as number, (key as number) + 1);
      total = mod(head * INVERSE + tail);
    } else {
      total = exchanged(parent, key, digestIn(parent, key, member(parent, key), 0), 0n);
    }
    super.remove(trail, path, key);
    settle(trail, path, before, total);
  }
}

/** Return the shares of `array[0, headEnd)` and `array[tailStart, end)` in the array's accumulator. */
function split(array: JsonValue[], headEnd: number, tailStart: number): [bigint, bigint] {
  const share = (index: number) =>
    elementDigest(array[index] as JsonValue, 0, 0) * powerOfBase(array.length - 1 - index);
  const sum = (from: number, to: number) => {
    let total = 0n;
    for (let index = from; index < to; index += 1) total = mod(total + share(index));
    return total;
  };
  const rest = accumulator(array, 0, 0) - sum(headEnd, tailStart);
  if (headEnd <= array.length - tailStart) {
    const head = sum(0, headEnd);
    return [head, mod(rest - head)];
  }
  const tail = sum(tailStart, array.length);
  return [mod(rest - tail), tail];
}

function member(container: Container, key: string | number): JsonValue {
  return (Array.isArray(container) ? container[Number(key)] : container[key]) as JsonValue;
}

/** Digests of the containers of a trail in the ones that hold them, from the second on. */
function digestsOf(trail: readonly Container[], path: readonly string[]): bigint[] {
  const digests: bigint[] = [];
  for (let level = 1; level < trail.length; level += 1) {
    const holder = trail[level - 1] as Container;
    digests.push(digestIn(holder, path[level - 1] as string, trail[level] as Container, 0));
  }
  return digests;
}

/** Store the changed container's accumulator and carry the change up to the root. */
function settle(
  trail: readonly Container[],
  path: readonly string[],
  before: readonly bigint[],
  changed: bigint,
): void {
  accumulators.set(trail.at(-1) as Container, changed);
  for (let level = trail.length - 2; level >= 0; level -= 1) {
    const holder = trail[level] as Container;
    const key = path[level] as string;
    const next = digestIn(holder, key, trail[level + 1] as Container, 0);
    accumulators.set(holder, exchanged(holder, key, before[level] as bigint, next));
  }
}

/** The digest that a value has in its container, where its depth is `depth`. */
function digestIn(container: Container, key: string | number, value: JsonValue, depth: number): bigint {
  return Array.isArray(container)
    ? elementDigest(value, depth, 0)
    : memberDigest(key as string, value, depth, 0);
}

/** A container's accumulator once the digest at a key is another. */
function exchanged(container: Container, key: string | number, old: bigint, next: bigint): bigint {
  const total = accumulator(container, 0, 0);
  if (!Array.isArray(container)) return (total - old + next) & MASK;
  return mod(total + (next - old) * powerOfBase(container.length - 1 - Number(key)));
}

/** Write a value's encoding into the scratch from `at` on; returns its end. */
function encode(value: JsonValue, depth: number, at: number): number {
  switch (typeof value) {
    case "string":
      return tag(at, 0x73, writeText(value, at + 1));
    case "number":
      return Number.isSafeInteger(value) ? writeInteger(`${value}`, at) : writeNumber(value, at);
    case "bigint":
      if (value < LOWEST || value > HIGHEST)
        throw new StateValueError("an integer is outside [-2**63, 2**64-1]");
      return writeInteger(`${value}`, at);
    case "boolean":
      return tag(at, value ? 0x74 : 0x66, room(at + 1));
    default:
      return value === null ? tag(at, 0x7a, room(at + 1)) : encodeContainer(value, depth, at);
  }
}

function encodeContainer(value: Container, depth: number, at: number): number {
  const isArray = Array.isArray(value);
  const total = accumulator(value, depth, at);
  const end = room(at + 26);
  const view = scratchView;
  const count = isArray ? value.length : Object.keys(value).length;
  view.setUint8(at, isArray ? 0x61 : 0x6f);
  view.setUint8(at + 1, isArray ? 0x41 : 0x4f);
  view.setUint32(at + 2, 0);
  view.setUint32(at + 6, count);
  view.setBigUint64(at + 10, total >> 64n);
  view.setBigUint64(at + 18, total & 0xffffffffffffffffn);
  digestInPlace(view, at + 1, end);
  return at + 1 + DIGEST_BYTES;
}

function accumulator(container: Container, depth: number, at: number): bigint {
  const kept = accumulators.get(container);
  if (kept !== undefined) return kept;
  if (depth >= MAX_DEPTH) throw new StateValueError(`nested deeper than ${MAX_DEPTH}`);
  const total = Array.isArray(container)
    ? polynomial(container, depth + 1, at)
    : sumOfMembers(container, depth + 1, at);
  accumulators.set(container, total);
  return total;
}

function polynomial(array: JsonValue[], depth: number, at: number): bigint {
  let total = 0n;
  for (const value of array) total = mod(total * BASE + elementDigest(value, depth, at));
  return total;
}

function sumOfMembers(object: JsonObject, depth: number, at: number): bigint {
  let total = 0n;
  for (const key of Object.keys(object)) total += memberDigest(key, object[key] as JsonValue, depth, at);
  return total & MASK;
}

function memberDigest(key: string, value: JsonValue, depth: number, at: number): bigint {
  const keyEnd = writeText(key, at + 5);
  tag(at, 0x6d, keyEnd);
  scratchView.setUint32(at + 1, keyEnd - at - 5);
  return first128Of(at, encode(value, depth, keyEnd));
}

function elementDigest(value: JsonValue, depth: number, at: number): bigint {
  return first128Of(at, encode(value, depth, at)) % PRIME;
}

/** The number that the first 16 bytes of a digest are; what was digested is gone then. */
function first128Of(from: number, to: number): bigint {
  digestInPlace(scratchView, from, to);
  return (scratchView.getBigUint64(from) << 64n) | scratchView.getBigUint64(from + 8);
}

/** Make room up to `end`, and for the padding behind it; returns `end`. */
function room(end: number): number {
  if (end + PADDING_BYTES <= scratch.length) return end;
  const larger = new Uint8Array(Math.max(2 * scratch.length, end + PADDING_BYTES));
  larger.set(scratch);
  scratch = larger;
  scratchView = new DataView(larger.buffer);
  return end;
}

function tag(at: number, byte: number, end: number): number {
  scratch[at] = byte;
  return end;
}

function writeInteger(digits: string, at: number): number {
  return tag(at, 0x69, writeText(digits, at + 1));
}

function writeNumber(value: number, at: number): number {
  if (!Number.isFinite(value)) throw new StateValueError("a number is not finite");
  if (Number.isInteger(value)) return writeInteger(`${BigInt(value)}`, at);
  const end = room(at + 9);
  scratchView.setFloat64(at + 1, value);
  return tag(at, 0x64, end);
}

/** Write a text as UTF-8; returns its end. */
function writeText(text: string, at: number): number {
  if (text.length <= SHORT_TEXT) {
    const end = room(at + text.length);
    let index = 0;
    for (let code = 0; index < text.length; index += 1) {
      code = text.charCodeAt(index);
      if (code > 0x7f) break;
      scratch[at + index] = code;
    }
    if (index === text.length) return end;
  }
  if (LONE_SURROGATE.test(text)) throw new StateValueError("a string holds a lone surrogate");
  const bytes = encoder.encode(text);
  const end = room(at + bytes.length);
  scratch.set(bytes, at);
  return end;
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

function powerOfBase(exponent: number): bigint {
  let result = 1n;
  for (let left = exponent, bit = 0; left > 0; left = Math.floor(left / 2), bit += 1) {
    const last = squares[bit - 1] as bigint;
    const square = squares[bit] ?? (last * last) % PRIME;
    squares[bit] = square;
    if (left % 2 === 1) result = (result * square) % PRIME;
  }
  return result;
}
