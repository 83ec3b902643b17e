/**
 * JSON Patch (RFC 6902) with `text_splice` (docs/specs/state.md), applied without changing the state before.
 *
 * Only the containers on the way to a change are copied; all else is shared, so a history of states is cheap and an
 * unchanged part is recognised by being the same object.
 */
import type { DiffOperation } from "./gen/dashstream_pb";
import { DiffOperation_OpType, DiffOperation_ValueEncoding } from "./gen/dashstream_pb";
import { isObject, type JsonObject, type JsonValue, jsonEqual, parseJson } from "./json";
import { MAX_DEPTH, weightOf } from "./weight";

export type OpKind = "add" | "remove" | "replace" | "move" | "copy" | "test" | "text_splice";

export interface PatchOp {
  readonly op: OpKind;
  /** Unescaped pointer segments; [] is the whole state. */
  readonly path: readonly string[];
  readonly value?: JsonValue;
  readonly from?: readonly string[];
}

/** An operation does not fit the state. */
export class PatchError extends Error {
  override readonly name = "PatchError";
}

export type Container = JsonObject | JsonValue[];

const KINDS: Readonly<Record<number, OpKind>> = {
  [DiffOperation_OpType.ADD]: "add",
  [DiffOperation_OpType.REMOVE]: "remove",
  [DiffOperation_OpType.REPLACE]: "replace",
  [DiffOperation_OpType.MOVE]: "move",
  [DiffOperation_OpType.COPY]: "copy",
  [DiffOperation_OpType.TEST]: "test",
  [DiffOperation_OpType.TEXT_SPLICE]: "text_splice",
};
/** What the copies of one patch may add to a state, in values and characters; a state doubles with each copy of itself. */
const MAX_COPIED = 1 << 20;
const INDEX = /^(0|[1-9]\d{0,9})$/;
const SURROGATE = /[\ud800-\udfff]/;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Parse a JSON pointer (RFC 6901). */
export function parsePointer(text: string): string[] {
  if (text === "") return [];
  if (!text.startsWith("/")) throw new PatchError(`a pointer starts with '/': ${text.slice(0, 80)}`);
  const parts = text.slice(1).split("/");
  return text.includes("~") ? parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")) : parts;
}

export function formatPointer(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Read operations from the wire; proto3's zero values (ADD, JSON) are live values. */
export function opsFromWire(wires: readonly DiffOperation[]): PatchOp[] {
  return wires.map((wire) => {
    const op = KINDS[wire.op];
    if (op === undefined || wire.encoding !== DiffOperation_ValueEncoding.JSON) {
      throw new PatchError(`unknown operation ${wire.op} with encoding ${wire.encoding}`);
    }
    const path = parsePointer(wire.path);
    if (op === "remove") return { op, path };
    if (op === "move" || op === "copy") return { op, path, from: parsePointer(wire.from) };
    return { op, path, value: parseJson(utf8.decode(wire.value)) };
  });
}

/** Return the state after the operations; throws PatchError, and the given state is never changed. */
export function applyOps(state: JsonValue, ops: readonly PatchOp[]): JsonValue {
  const editor = new Editor(state);
  for (const op of ops) editor.edit(op);
  return editor.root;
}

/** Applies operations one by one; subclasses may follow the edits through the protected hooks. */
export class Editor {
  private owned = new Set<Container>();
  private copiesLeft = MAX_COPIED;

  constructor(public root: JsonValue) {}

  edit(op: PatchOp): void {
    switch (op.op) {
      case "add":
        this.add(op.path, operand(op));
        return;
      case "remove":
        this.take(op.path);
        return;
      case "replace":
        this.replace(op.path, operand(op));
        return;
      case "text_splice":
        this.replace(op.path, spliced(valueAt(this.root, op.path), operand(op)));
        return;
      case "test":
        if (!jsonEqual(valueAt(this.root, op.path), operand(op))) throw new PatchError("test failed");
        return;
      case "copy":
        this.share(op.path, this.weighed(op.path, valueAt(this.root, op.from ?? [])));
        return;
      case "move":
        this.move(op.path, movable(op));
        return;
    }
  }

  protected copied(_old: Container, _fresh: Container): void {}

  protected set(trail: Container[], _path: readonly string[], key: string | number, value: JsonValue): void {
    setMember(trail.at(-1) as Container, key, value);
  }

  protected insert(trail: Container[], _path: readonly string[], index: number, value: JsonValue): void {
    const array = trail.at(-1) as JsonValue[];
    if (index === array.length) array.push(value);
    else array.splice(index, 0, value);
  }

  protected remove(trail: Container[], _path: readonly string[], key: string | number): void {
    const parent = trail.at(-1) as Container;
    if (Array.isArray(parent)) parent.splice(key as number, 1);
    else delete parent[key];
  }

  private move(path: readonly string[], from: readonly string[]): void {
    const value = this.take(from);
    this.share(path, path.length > from.length ? this.weighed(path, value) : value);
  }

  /** Return a value that is put at a path in addition, or deeper than it was, if the state may have that. */
  private weighed(path: readonly string[], value: JsonValue): JsonValue {
    const weight = weightOf(value, MAX_DEPTH - path.length, this.copiesLeft);
    if (weight === undefined) throw new PatchError("the patch copies too much, or too deep");
    this.copiesLeft -= weight;
    return value;
  }

  private share(path: readonly string[], value: JsonValue): void {
    // The value may now be reachable twice, so nothing copied before may be changed in place any more.
    this.owned.clear();
    this.add(path, value);
  }

  private add(path: readonly string[], value: JsonValue): void {
    if (path.length === 0) {
      this.root = value;
      return;
    }
    const part = path.at(-1) as string;
    const trail = this.descend(path.slice(0, -1));
    const parent = trail.at(-1) as Container;
    if (Array.isArray(parent)) {
      this.insert(trail, path, part === "-" ? parent.length : parseIndex(part, parent.length + 1), value);
    } else {
      this.set(trail, path, part, value);
    }
  }

  private replace(path: readonly string[], value: JsonValue): void {
    if (path.length === 0) {
      this.root = value;
      return;
    }
    valueAt(this.root, path);
    const trail = this.descend(path.slice(0, -1));
    this.set(trail, path, keyIn(trail.at(-1) as Container, path.at(-1) as string), value);
  }

  private take(path: readonly string[]): JsonValue {
    if (path.length === 0) throw new PatchError("the whole state cannot be removed");
    const value = valueAt(this.root, path);
    const trail = this.descend(path.slice(0, -1));
    this.remove(trail, path, keyIn(trail.at(-1) as Container, path.at(-1) as string));
    return value;
  }

  /** Return the containers from the root to `path`, each one ours to change. */
  private descend(path: readonly string[]): Container[] {
    let container = this.own(this.root);
    this.root = container;
    const trail = [container];
    for (const part of path) {
      const inner = this.own(child(container, part));
      setMember(container, keyIn(container, part), inner);
      container = inner;
      trail.push(container);
    }
    return trail;
  }

  private own(value: JsonValue): Container {
    if (typeof value !== "object" || value === null) throw new PatchError("a path leads through a scalar");
    if (this.owned.has(value)) return value;
    const fresh = Array.isArray(value) ? copyWithRoom(value) : { ...value };
    this.owned.add(fresh);
    this.copied(value, fresh);
    return fresh;
  }
}

const ROOM: readonly JsonValue[] = [null, null, null, null];

/** A copy that has room for a few more: an append to an exact copy would copy it a second time, and slower. */
function copyWithRoom(array: JsonValue[]): JsonValue[] {
  const copy = array.concat(ROOM);
  copy.length = array.length;
  return copy;
}

/** Return the value at a path; throws PatchError when there is none. */
export function valueAt(root: JsonValue, path: readonly string[]): JsonValue {
  return path.reduce<JsonValue>(child, root);
}

function child(container: JsonValue, part: string): JsonValue {
  if (Array.isArray(container)) return container[parseIndex(part, container.length)] as JsonValue;
  if (isObject(container) && Object.hasOwn(container, part)) return container[part] as JsonValue;
  throw new PatchError(`there is no member '${part.slice(0, 80)}'`);
}

function keyIn(container: Container, part: string): string | number {
  return Array.isArray(container) ? parseIndex(part, container.length) : part;
}

function parseIndex(part: string, bound: number): number {
  const index = INDEX.test(part) ? Number(part) : bound;
  if (index >= bound) throw new PatchError(`'${part.slice(0, 80)}' is not an index below ${bound}`);
  return index;
}

function setMember(container: Container, key: string | number, value: JsonValue): void {
  if (Array.isArray(container)) container[key as number] = value;
  else if (key !== "__proto__") container[key] = value;
  // A plain assignment to this name would set the prototype instead of a member.
  else Object.defineProperty(container, key, { value, enumerable: true, writable: true, configurable: true });
}

function operand(op: PatchOp): JsonValue {
  if (op.value === undefined) throw new PatchError(`${op.op} needs a value`);
  return op.value;
}

function movable(op: PatchOp): readonly string[] {
  const from = op.from ?? [];
  if (from.length < op.path.length && from.every((part, index) => part === op.path[index])) {
    throw new PatchError("a value cannot move into itself");
  }
  return from;
}

function spliced(text: JsonValue, value: JsonValue): string {
  const [start, count, inserted] = Array.isArray(value) ? value : [];
  if (typeof text !== "string" || !isCount(start) || !isCount(count) || typeof inserted !== "string") {
    throw new PatchError("a text splice needs a string and [start, delete_count, inserted]");
  }
  const from = utf16Index(text, 0, start);
  const to = utf16Index(text, from, count);
  return text.slice(0, from) + inserted + text.slice(to);
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** Return the index `codePoints` code points after `from`; they are code units where no pair of surrogates is. */
function utf16Index(text: string, from: number, codePoints: number): number {
  let index = from + codePoints;
  if (SURROGATE.test(text)) {
    index = from;
    for (let left = codePoints; left > 0 && index < text.length; left -= 1) {
      index += (text.codePointAt(index) as number) > 0xffff ? 2 : 1;
      if (left > 1 && index >= text.length) index = text.length + 1;
    }
  }
  if (index > text.length) throw new PatchError("the splice is beyond the end of the text");
  return index;
}
