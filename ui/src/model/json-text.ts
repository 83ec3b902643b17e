/** JSON values as bounded text, at a cost that does not grow with the value; and their size as compact text. */

import { isObject, type JsonObject, type JsonValue, scalarText } from "../protocol/json";
import type { JsonType } from "./views";

export function jsonType(value: JsonValue): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "bigint") return "number";
  return typeof value as JsonType;
}

export function childCountOf(value: JsonValue): number {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : 0;
}

/** The value's compact JSON text, cut with "…" above `limit` characters. */
export function boundedJson(value: JsonValue, limit: number): string {
  const writer = new BoundedWriter(limit);
  writer.value(value);
  return writer.text();
}

/** What a row shows of a value: a text as it is, anything else as JSON, bounded and in one line. */
export function preview(value: JsonValue, limit: number): string {
  if (typeof value !== "string") return boundedJson(value, limit);
  const line = value.slice(0, limit + 1).replace(/\s+/g, " ");
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

class BoundedWriter {
  #text = "";

  constructor(private readonly limit: number) {}

  text(): string {
    return this.#isFull ? `${this.#text.slice(0, this.limit)}…` : this.#text;
  }

  get #isFull(): boolean {
    return this.#text.length > this.limit;
  }

  value(value: JsonValue): void {
    if (typeof value === "string") this.#text += JSON.stringify(value.slice(0, this.limit + 1));
    else if (typeof value !== "object" || value === null) this.#text += scalarText(value);
    else if (Array.isArray(value)) this.#array(value);
    else this.#object(value);
  }

  #array(array: JsonValue[]): void {
    this.#text += "[";
    for (let index = 0; index < array.length && !this.#isFull; index += 1) {
      if (index > 0) this.#text += ",";
      this.value(array[index] as JsonValue);
    }
    this.#text += "]";
  }

  #object(object: JsonObject): void {
    this.#text += "{";
    let first = true;
    for (const key in object) {
      if (this.#isFull) break;
      if (!Object.hasOwn(object, key)) continue;
      this.#text += `${first ? "" : ","}${JSON.stringify(key)}:`;
      first = false;
      this.value(object[key] as JsonValue);
    }
    this.#text += "}";
  }
}

const sizes = new WeakMap<object, number>();
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const encoder = new TextEncoder();

/** Bytes of the value as compact JSON text. Shared parts are measured once. */
export function jsonBytes(value: JsonValue): number {
  if (typeof value === "string") return textBytes(value);
  if (typeof value !== "object" || value === null) return scalarText(value).length;
  const known = sizes.get(value);
  if (known !== undefined) return known;
  let size = 2;
  if (Array.isArray(value)) {
    size += Math.max(0, value.length - 1);
    for (const item of value) size += jsonBytes(item);
  } else {
    const keys = Object.keys(value);
    size += Math.max(0, keys.length - 1);
    for (const key of keys) size += textBytes(key) + 1 + jsonBytes(value[key] as JsonValue);
  }
  sizes.set(value, size);
  return size;
}

function textBytes(text: string): number {
  return PLAIN.test(text) ? text.length + 2 : encoder.encode(JSON.stringify(text)).length;
}
