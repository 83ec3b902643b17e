/** The one accessor of typed attributes: every wrapper kind is read here and nowhere else. */

import type { AttributeValue, Event } from "../protocol/gen/dashstream_pb";
import type { JsonValue } from "../protocol/json";

/** The plain value behind a wrapper; bytes become hex, 64-bit integers stay exact. */
export function plainAttribute(attribute: AttributeValue): JsonValue {
  const { value } = attribute;
  switch (value.case) {
    case undefined:
      return null;
    case "intValue":
      return exactNumber(value.value);
    case "bytesValue":
      return toHex(value.value);
    case "arrayValue":
      return value.value.values.map(plainAttribute);
    case "mapValue":
      return Object.fromEntries(
        Object.entries(value.value.values).map(([key, item]) => [key, plainAttribute(item)]),
      );
    default:
      return value.value;
  }
}

function attribute(event: Event, name: string): JsonValue {
  return Object.hasOwn(event.attributes, name)
    ? plainAttribute(event.attributes[name] as AttributeValue)
    : null;
}

/** A text; a scalar of another type is written as text, a container is not one. */
export function textAttribute(event: Event, name: string): string | null {
  const value = attribute(event, name);
  return value === null || typeof value === "object" ? null : String(value);
}

/** A whole number that a double holds exactly; null for anything else. */
export function countAttribute(event: Event, name: string): number | null {
  const value = attribute(event, name);
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}

export function flagAttribute(event: Event, name: string): boolean {
  return attribute(event, name) === true;
}

export function exactNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
