/**
 * Sharing of structure between two states: equal parts become the same object, so that "changed?" is a question of
 * identity, and hashes and memory are shared.
 */

import { isObject, type JsonObject, type JsonValue, jsonEqual } from "../protocol/json";

/** `next` with every part that equals the same place of `previous` replaced by it. Cost: the size of `next`. */
export function shareStructure(previous: JsonValue | undefined, next: JsonValue): JsonValue {
  if (previous === next || previous === undefined) return next;
  if (Array.isArray(next)) return Array.isArray(previous) ? shareArray(previous, next) : next;
  if (isObject(next)) return isObject(previous) ? shareObject(previous, next) : next;
  return jsonEqual(previous, next) ? previous : next;
}

function shareArray(previous: JsonValue[], next: JsonValue[]): JsonValue[] {
  let same = previous.length === next.length;
  const shared = next.map((item, index) => {
    const before = previous[index];
    const result = shareStructure(before, item);
    same &&= result === before;
    return result;
  });
  return same ? previous : shared;
}

function shareObject(previous: JsonObject, next: JsonObject): JsonObject {
  const keys = Object.keys(next);
  let same = keys.length === Object.keys(previous).length;
  const shared: JsonObject = {};
  for (const key of keys) {
    const before = Object.hasOwn(previous, key) ? previous[key] : undefined;
    const result = shareStructure(before, next[key] as JsonValue);
    same &&= before !== undefined && result === before;
    if (key === "__proto__") {
      Object.defineProperty(shared, key, {
        value: result,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    } else shared[key] = result;
  }
  return same ? previous : shared;
}

/** Number of slots that copying the containers from the root to `path` takes. */
export function pathCost(root: JsonValue, path: readonly string[]): number {
  let value: JsonValue | undefined = root;
  let cost = 0;
  for (const part of path) {
    if (Array.isArray(value)) {
      cost += value.length;
      value = value[Number(part)];
    } else if (value !== undefined && isObject(value)) {
      cost += Object.keys(value).length;
      value = Object.hasOwn(value, part) ? value[part] : undefined;
    } else break;
  }
  return cost;
}

/** Number of values in a state. */
export function slotCount(value: JsonValue): number {
  let count = 1;
  if (Array.isArray(value)) for (const item of value) count += slotCount(item);
  else if (isObject(value)) for (const key of Object.keys(value)) count += slotCount(value[key] as JsonValue);
  return count;
}
