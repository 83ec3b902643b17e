/** One line that says what an item is about; the same words as the gateway's event list. */

import type { Event } from "../protocol/gen/dashstream_pb";
import { type Item, itemType, nodeIdOf } from "./items";

export const SUMMARY_CHARACTERS = 160;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function itemSummary(item: Item): string {
  const text = describe(item);
  return text.length <= SUMMARY_CHARACTERS ? text : copied(`${text.slice(0, SUMMARY_CHARACTERS - 1)}…`);
}

/** A text of its own: what is cut from a text or joined with it may keep all of it in memory. */
function copied(text: string): string {
  return decoder.decode(encoder.encode(text));
}

function describe(item: Item): string {
  const { message } = item;
  switch (message.case) {
    case "event":
      return eventSummary(message.value, item);
    case "stateDiff":
      return `${message.value.operations.length} operations`;
    case "tokenChunk":
      return message.value.text;
    case "toolExecution":
      return `${message.value.toolName} ${itemType(item).slice("tool_".length)}`;
    case "checkpoint":
      return `state of ${message.value.state.length} bytes`;
    case "metrics":
      return message.value.scope;
    case "error":
      return message.value.message;
    case "loss": {
      const dropped = message.value.items.reduce((sum, lost) => sum + lost.count, 0n);
      return `${dropped} records were dropped`;
    }
    case "graphSchema":
      return message.value.name;
    default:
      return "";
  }
}

function eventSummary(event: Event, item: Item): string {
  if (event.routing !== undefined) return `${event.routing.source} → ${event.routing.target}`;
  return `${itemType(item).replaceAll("_", " ")} ${nodeIdOf(item)}`.trim();
}
