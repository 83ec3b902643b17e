/**
 * Which steps set the value at a path. An index of what each step's operations touch names the few steps that can
 * have; only their states are compared.
 */

import { type DiffOperation, DiffOperation_OpType as OpType } from "../protocol/gen/dashstream_pb";
import { type JsonValue, jsonEqual } from "../protocol/json";
import { PatchError, parsePointer, valueAt } from "../protocol/patch";
import { Tail } from "./tail";

const INDEX = /^\d+$/;

/** A place that an operation touches. */
export interface Touch {
  readonly pointer: string;
  /** In an array, what stands at and behind this place moves. */
  readonly moves: boolean;
}

/** What a step's operations touch; `after` is the state after them, undefined when it is not known. */
export function touchesOf(operations: readonly DiffOperation[], after: JsonValue | undefined): Touch[] {
  const appends = new Map<string, string>();
  return operations.flatMap(({ op, path, from }) => {
    const moves = op !== OpType.REPLACE && op !== OpType.TEST && op !== OpType.TEXT_SPLICE;
    if (from !== "")
      return [
        { pointer: path, moves: true },
        { pointer: from, moves: true },
      ];
    if (!path.startsWith("/") || !path.endsWith("/-")) return [{ pointer: path, moves }];
    const pointer = appends.get(path) ?? appendedAt(path.slice(0, -2), operations, after) ?? path;
    appends.set(path, pointer);
    return [{ pointer, moves: true }];
  });
}

/** Where the first element that a step appended to an array stands; null when other changes of it hide that. */
function appendedAt(
  container: string,
  operations: readonly DiffOperation[],
  after: JsonValue | undefined,
): string | null {
  const inside = operations.filter(
    ({ path, from }) => isWithin(path, container) || (from && isWithin(from, container)),
  );
  const array = lookUp(after, parsePointer(container));
  if (!Array.isArray(array) || inside.some(({ path, from }) => path !== `${container}/-` || from !== ""))
    return null;
  return `${container}/${array.length - inside.length}`;
}

/** What each step touched; null for a step that may touch anything. */
export class TouchIndex {
  readonly #touched = new Tail<readonly Touch[] | null>();

  push(touches: readonly Touch[] | null): void {
    this.#touched.push(touches);
  }

  /** Steps up to `last` that can have changed the value at `path`, newest first. */
  *candidates(path: string, last: number): Generator<number> {
    const { first, length } = this.#touched;
    for (let step = Math.min(last, length - 1); step >= first; step -= 1) {
      const touched = this.#touched.at(step) ?? null;
      if (touched === null || touched.some((touch) => isRelated(touch, path))) yield step;
    }
  }

  /** Forget the steps before this one, which stands for them from now on. */
  letGoBefore(step: number): void {
    if (step <= this.#touched.first) return;
    this.#touched.letGoBefore(step);
    this.#touched.replace(step, null);
  }
}

/** An operation reaches a path from above, from below, or by moving the elements of an array on the way to it. */
function isRelated({ pointer, moves }: Touch, path: string): boolean {
  if (isWithin(path, pointer) || isWithin(pointer, path)) return true;
  if (!moves) return false;
  const slash = pointer.lastIndexOf("/");
  if (!isWithin(path, pointer.slice(0, slash))) return false;
  const last = pointer.slice(slash + 1);
  if (last === "-") return true;
  return INDEX.test(last) && Number.parseInt(path.slice(slash + 1), 10) >= Number(last);
}

function isWithin(path: string, container: string): boolean {
  return path.startsWith(container) && (path.length === container.length || path[container.length] === "/");
}

export interface Blame {
  readonly step: number;
  /** undefined: there is no such path after this step. */
  readonly value: JsonValue | undefined;
}

/** The newest `limit` steps up to `last` after which the path had another value than before. */
export function blame(
  index: TouchIndex,
  path: string,
  last: number,
  limit: number,
  stateAt: (step: number) => JsonValue | undefined,
): Blame[] {
  const parts = parsePointer(path);
  const found: Blame[] = [];
  let newer: Blame | null = null;
  for (const step of index.candidates(path, last)) {
    const value = lookUp(stateAt(step), parts);
    if (newer !== null && !isSame(newer.value, value)) found.push(newer);
    if (found.length >= limit) return found;
    newer = { step, value };
  }
  if (newer !== null && newer.value !== undefined) found.push(newer);
  return found;
}

/** The value at a path, undefined when there is none. */
export function lookUp(state: JsonValue | undefined, parts: readonly string[]): JsonValue | undefined {
  if (state === undefined) return undefined;
  try {
    return valueAt(state, parts);
  } catch (error) {
    if (error instanceof PatchError) return undefined;
    throw error;
  }
}

function isSame(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return jsonEqual(left, right);
}
