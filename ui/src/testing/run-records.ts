/** Records of a run, made by hand: for what the golden runs do not hold. */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { LogRecord } from "../model/run";
import {
  type AttributeValue,
  AttributeValueSchema,
  DashStreamMessageSchema,
  EventSchema,
  type EventType,
  HashAlgorithm,
  HeaderSchema,
  StateDiffSchema,
  TokenChunkSchema,
  type ToolExecution_Stage,
  ToolExecutionSchema,
} from "../protocol/gen/dashstream_pb";
import { type JsonValue, stringifyJson } from "../protocol/json";
import { HashedState } from "../protocol/state-hash";

type HeaderInit = MessageInitShape<typeof HeaderSchema>;
type Plain = string | number | boolean;

const utf8 = new TextEncoder();

export class RunRecords {
  readonly records: LogRecord[] = [];

  event(
    eventType: EventType,
    header: HeaderInit = {},
    attributes: Readonly<Record<string, Plain>> = {},
    more: MessageInitShape<typeof EventSchema> = {},
  ): this {
    const wrapped = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, wrap(value)]));
    const value = create(EventSchema, {
      eventType,
      attributes: wrapped,
      ...more,
      header: this.#header(header),
    });
    return this.#add({ case: "event", value });
  }

  /** A step, as the whole state that it made. */
  state(state: JsonValue, header: HeaderInit = {}): this {
    const value = create(StateDiffSchema, {
      header: this.#header(header),
      fullState: utf8.encode(stringifyJson(state)),
      stateHash: HashedState.of(state).hash,
      hashAlgorithm: HashAlgorithm.TREE_1,
    });
    return this.#add({ case: "stateDiff", value });
  }

  token(requestId: string, chunkIndex: number, text: string): this {
    const value = create(TokenChunkSchema, { header: this.#header({}), requestId, chunkIndex, text });
    return this.#add({ case: "tokenChunk", value });
  }

  tool(
    stage: ToolExecution_Stage,
    callId: string,
    more: MessageInitShape<typeof ToolExecutionSchema> = {},
  ): this {
    const init = { toolName: "search", ...more, stage, callId, header: this.#header({}) };
    return this.#add({ case: "toolExecution", value: create(ToolExecutionSchema, init) });
  }

  #header(more: HeaderInit) {
    const sequence = BigInt(this.records.length + 1);
    const who = { runId: "r", threadId: "t", producerId: "p", schemaVersion: 1 };
    return create(HeaderSchema, { ...who, sequence, timestampUs: sequence * 1000n, ...more });
  }

  #add(message: NonNullable<MessageInitShape<typeof DashStreamMessageSchema>["message"]>): this {
    const bytes = toBinary(DashStreamMessageSchema, create(DashStreamMessageSchema, { message }));
    const offset = BigInt(this.records.length);
    this.records.push({ partition: 0, offset, value: Uint8Array.from([0, ...bytes]) });
    return this;
  }
}

function wrap(value: Plain): AttributeValue {
  if (typeof value === "string")
    return create(AttributeValueSchema, { value: { case: "stringValue", value } });
  if (typeof value === "boolean")
    return create(AttributeValueSchema, { value: { case: "boolValue", value } });
  return create(AttributeValueSchema, { value: { case: "intValue", value: BigInt(value) } });
}
