/**
 * Items: the messages of a record, one by one. A record holds one message, except that a batch holds several events
 * with headers of their own; everything that folds records folds items, so that both mean the same.
 */

import type { DecodedRecord } from "../protocol/codec";
import type { Header } from "../protocol/gen/dashstream_pb";
import type { RecordKind } from "./frame";
import { eventTypeName, kindOf, toolStageName } from "./kinds";

export type Message = DecodedRecord["message"];

/** One message with its header. */
export interface Item {
  /** Place inside a batch record, from 1; 0 for a record of its own. */
  readonly inner: number;
  readonly message: Exclude<Message, { case: "eventBatch" }>;
  readonly header: Header;
}

/** A decoded record's messages in order; one without a header cannot belong to a run and is left out. */
export function itemsOf(record: DecodedRecord): Item[] {
  const { message } = record;
  if (message.case !== "eventBatch") {
    return record.header === undefined ? [] : [{ inner: 0, message, header: record.header }];
  }
  return message.value.events.flatMap((event, index) =>
    event.header === undefined
      ? []
      : [{ inner: index + 1, message: { case: "event", value: event } as const, header: event.header }],
  );
}

/** The run that an item belongs to; a producer without runs has one per thread. */
export const runIdOf = (header: Header): string => header.runId || header.threadId;

/** The node that an item is about, or an empty text. */
export function nodeIdOf(item: Item): string {
  return item.header.nodeId || (item.message.case === "event" ? item.message.value.nodeId : "");
}

export const itemKind = (item: Item): RecordKind => kindOf(item.message.case);

/** What the item is within its kind: an event's type, a tool execution's stage; else the kind. */
export function itemType(item: Item): string {
  const { message } = item;
  if (message.case === "event") return eventTypeName(message.value.eventType);
  if (message.case === "toolExecution") return toolStageName(message.value.stage);
  return kindOf(message.case);
}
