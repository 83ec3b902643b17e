/** How much there is in a value, counted by the rules that bound what a patch may copy (docs/specs/state.md). */
import type { JsonObject, JsonValue } from "./json";

/** Deepest nesting of containers in a state. */
export const MAX_DEPTH = 200;

const SURROGATE = /[\ud800-\udfff]/;

/** Return the values and characters in a value; undefined if they are above `most`, or nested deeper than `depth`. */
export function weightOf(value: JsonValue, depth: number, most: number): number | undefined {
  let weight = 0;
  let level: JsonValue[] = [value];
  for (let left = depth; level.length > 0; left--) {
    if (left <= 0 && level.some(isContainer)) return undefined;
    const below: JsonValue[] = [];
    for (const item of level) {
      weight += 1 + ownCharacters(item);
      appendInner(below, item);
      if (weight + below.length > most) return undefined;
    }
    level = below;
  }
  return weight;
}

function isContainer(value: JsonValue): value is JsonObject | JsonValue[] {
  return typeof value === "object" && value !== null;
}

function appendInner(list: JsonValue[], value: JsonValue): void {
  if (isContainer(value)) for (const inner of Object.values(value)) list.push(inner);
}

/** Characters of a string, or of an object's keys. */
function ownCharacters(value: JsonValue): number {
  if (typeof value === "string") return charactersOf(value);
  if (!isContainer(value) || Array.isArray(value)) return 0;
  return Object.keys(value).reduce((sum, key) => sum + charactersOf(key), 0);
}

/** Unicode code points. */
function charactersOf(text: string): number {
  return SURROGATE.test(text) ? Array.from(text).length : text.length;
}
