/**
 * JSON without loss: integers that a double cannot hold become `bigint`.
 *
 * The usual text has no run of 16 digits and takes the engine's own parser; only texts that might hold a large
 * integer take the exact one.
 */
import { parse as parseLossless } from "lossless-json";

export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

const MAYBE_LARGE = /\d{16}/;
const INTEGER = /^-?\d+$/;

/** Parse JSON text; throws a SyntaxError when it is not JSON. */
export function parseJson(text: string): JsonValue {
  if (!MAYBE_LARGE.test(text)) return JSON.parse(text) as JsonValue;
  return parseLossless(text, undefined, { parseNumber: parseExact }) as JsonValue;
}

/** Return JSON text in which integers keep all their digits. */
export function stringifyJson(value: JsonValue, indent = 0): string {
  return write(value, indent > 0 ? " ".repeat(indent) : "", "");
}

export function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether two values are the same JSON value: `1` equals `1.0`, and a bigint equals a number of the same value. */
export function jsonEqual(left: JsonValue, right: JsonValue): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => jsonEqual(item, right[index] as JsonValue))
    );
  }
  if (isObject(left)) return isObject(right) && sameMembers(left, right);
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
  return false;
}

function isNumeric(value: JsonValue): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function compareNumbers(left: number | bigint, right: number | bigint): boolean {
  return left <= right && left >= right;
}

function sameMembers(left: JsonObject, right: JsonObject): boolean {
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(
      (key) => Object.hasOwn(right, key) && jsonEqual(left[key] as JsonValue, right[key] as JsonValue),
    )
  );
}

function parseExact(text: string): number | bigint {
  const value = Number(text);
  return INTEGER.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}

/** JSON text of a value that holds no others. */
export function scalarText(value: null | boolean | number | bigint | string): string {
  if (typeof value === "bigint") return value.toString();
  // Written as plain digits, a large double would be read back as an exact integer of another value.
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return value.toExponential();
  }
  return JSON.stringify(value);
}

function write(value: JsonValue, indent: string, margin: string): string {
  if (typeof value !== "object" || value === null) return scalarText(value);
  const inner = margin + indent;
  const parts = Array.isArray(value)
    ? value.map((item) => write(item, indent, inner))
    : Object.keys(value).map(
        (key) => `${JSON.stringify(key)}:${indent && " "}${write(value[key] as JsonValue, indent, inner)}`,
      );
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (parts.length === 0) return `${open}${close}`;
  if (!indent) return `${open}${parts.join(",")}${close}`;
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`;
}
