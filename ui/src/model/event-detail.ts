/** One record in full: its decoded message as JSON text, and its bytes as a hex dump, both bounded. */

import { toJson } from "@bufbuild/protobuf";
import { decodeRecord, RecordError } from "../protocol/codec";
import { DashStreamMessageSchema, EventSchema } from "../protocol/gen/dashstream_pb";
import { itemsOf } from "./items";
import type { EventDetail, EventRow } from "./views";

export const JSON_CHARACTERS = 256 * 1024;
export const HEX_BYTES = 16 * 1024;

/** `value` is the record's bytes, null when they are no longer held; `inner` the place in a batch, from 1. */
export function eventDetail(row: EventRow, value: Uint8Array | null, inner: number): EventDetail {
  if (value === null) {
    return { row, json: "The bytes of this record are no longer held.", hex: "", truncated: true };
  }
  const json = jsonOf(value, inner);
  return {
    row,
    json: json.length > JSON_CHARACTERS ? `${json.slice(0, JSON_CHARACTERS)}…` : json,
    hex: hexDump(value.subarray(0, HEX_BYTES)),
    truncated: json.length > JSON_CHARACTERS || value.length > HEX_BYTES,
  };
}

function jsonOf(value: Uint8Array, inner: number): string {
  try {
    const record = decodeRecord(value);
    const item = inner > 0 ? itemsOf(record).find((one) => one.inner === inner) : undefined;
    const json =
      item?.message.case === "event"
        ? toJson(EventSchema, item.message.value)
        : toJson(DashStreamMessageSchema, {
            $typeName: "dashstream.v1.DashStreamMessage",
            message: record.message,
          });
    return JSON.stringify(readable(json), null, 2);
  } catch (error) {
    if (error instanceof RecordError) return `This record cannot be decoded: ${error.message}`;
    throw error;
  }
}

const JSON_BYTES = new Set(["value", "state", "fullState", "arguments", "result"]);
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Bytes that hold JSON, shown as what they hold; all others stay base64. */
function readable(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => readable(item));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, readable(item, name)]));
  }
  return typeof value === "string" && JSON_BYTES.has(key) ? held(value) : value;
}

function held(base64: string): unknown {
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch {
    return base64;
  }
}

/** Sixteen bytes a line: offset, hex, and what is printable. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0"));
    const left = hex.slice(0, 8).join(" ");
    const right = hex.slice(8).join(" ");
    const text = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${left.padEnd(23)}  ${right.padEnd(23)}  |${text}|`);
  }
  return lines.join("\n");
}
