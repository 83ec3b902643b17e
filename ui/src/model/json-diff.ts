/**
 * The difference between two states as operations on paths. Equal parts are usually the same object (see
 * `structure.ts`), so the cost is that of the change and of the containers around it.
 */

import { isObject, type JsonObject, type JsonValue, jsonEqual } from "../protocol/json";
import { formatPointer } from "../protocol/patch";
import { boundedJson } from "./json-text";
import type { DiffOperation } from "./views";

export const TEXT_CHARACTERS = 64 * 1024;

/** The first `limit` operations that lead from one value to the other, and how many there are in all. */
export function diffValues(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  limit: number,
): { readonly operations: readonly DiffOperation[]; readonly total: number } {
  const diff = new Diff(limit);
  diff.values([], before, after);
  return { operations: diff.operations, total: diff.total };
}

class Diff {
  readonly operations: DiffOperation[] = [];
  total = 0;

  constructor(private readonly limit: number) {}

  values(path: readonly string[], before: JsonValue | undefined, after: JsonValue | undefined): void {
    if (before === after) return;
    if (before === undefined || after === undefined) {
      return this.#note(before === undefined ? "add" : "remove", path, before, after);
    }
    if (Array.isArray(before) && Array.isArray(after)) return this.#arrays(path, before, after);
    if (isObject(before) && isObject(after)) return this.#objects(path, before, after);
    if (!jsonEqual(before, after)) this.#note("replace", path, before, after);
  }

  #objects(path: readonly string[], before: JsonObject, after: JsonObject): void {
    for (const key of Object.keys(before)) {
      const next = Object.hasOwn(after, key) ? after[key] : undefined;
      if (before[key] !== next) this.values([...path, key], before[key], next);
    }
    for (const key of Object.keys(after)) {
      if (!Object.hasOwn(before, key)) this.values([...path, key], undefined, after[key]);
    }
  }

  /** What is equal at both ends stays; in between, elements are compared in pairs. */
  #arrays(path: readonly string[], before: JsonValue[], after: JsonValue[]): void {
    const shorter = Math.min(before.length, after.length);
    let head = 0;
    while (head < shorter && jsonEqual(before[head] as JsonValue, after[head] as JsonValue)) head += 1;
    let tail = 0;
    while (
      tail < shorter - head &&
      jsonEqual(before.at(-1 - tail) as JsonValue, after.at(-1 - tail) as JsonValue)
    ) {
      tail += 1;
    }
    const removed = before.length - tail;
    const added = after.length - tail;
    for (let index = head; index < Math.max(removed, added); index += 1) {
      const old = index < removed ? before[index] : undefined;
      const next = index < added ? after[index] : undefined;
      this.values([...path, String(index)], old, next);
    }
  }

  #note(
    op: DiffOperation["op"],
    path: readonly string[],
    before: JsonValue | undefined,
    after: JsonValue | undefined,
  ): void {
    this.total += 1;
    if (this.operations.length >= this.limit) return;
    this.operations.push({
      op,
      path: formatPointer(path),
      before: before === undefined ? null : boundedJson(before, TEXT_CHARACTERS),
      after: after === undefined ? null : boundedJson(after, TEXT_CHARACTERS),
    });
  }
}
