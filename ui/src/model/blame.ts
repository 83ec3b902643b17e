/**
 * Which steps set the value at a path. An index of what each step's operations touch names the few steps that can
 * have; only their states are compared.
 */

import type { JsonValue } from "../protocol/json";
import { jsonEqual } from "../protocol/json";
import { PatchError, parsePointer, valueAt } from "../protocol/patch";

/** Pointers that the operations of each step touch; null for a step that may touch anything. */
export class TouchIndex {
  readonly #touched: (readonly string[] | null)[] = [];

  push(pointers: readonly string[] | null): void {
    this.#touched.push(pointers);
  }

  /** Steps up to `last` that can have changed the value at `path`, newest first. */
  *candidates(path: string, last: number): Generator<number> {
    for (let step = Math.min(last, this.#touched.length - 1); step >= 0; step -= 1) {
      const touched = this.#touched[step];
      if (touched === null || touched === undefined || touched.some((pointer) => isRelated(pointer, path)))
        yield step;
    }
  }
}

/** An operation reaches a path from above, from below, or by moving the elements of an array on the way to it. */
function isRelated(pointer: string, path: string): boolean {
  if (isWithin(path, pointer) || isWithin(pointer, path)) return true;
  const slash = pointer.lastIndexOf("/");
  const last = pointer.slice(slash + 1);
  return /^(\d+|-)$/.test(last) && isWithin(path, pointer.slice(0, slash));
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
