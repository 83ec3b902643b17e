/** A run of many records over a large state, made by hand: an agent that appends to a list of documents. */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { LogRecord } from "../src/model/run";
import {
  CheckpointSchema,
  DashStreamMessageSchema,
  DiffOperationSchema,
  EventSchema,
  EventType,
  HashAlgorithm,
  type Header,
  HeaderSchema,
  RunStatus,
  StateDiffSchema,
} from "../src/protocol/gen/dashstream_pb";
import { type JsonValue, stringifyJson } from "../src/protocol/json";
import { opsFromWire } from "../src/protocol/patch";
import { HashedState } from "../src/protocol/state-hash";

const CHUNK_BYTES = 512 * 1024;
const START_US = 1_700_000_000_000_000;
const utf8 = new TextEncoder();

type Message = NonNullable<MessageInitShape<typeof DashStreamMessageSchema>["message"]>;
type HeaderInit = MessageInitShape<typeof HeaderSchema>;

class Builder {
  readonly records: LogRecord[] = [];

  add(make: (header: Header) => Message, header: HeaderInit = {}): void {
    const sequence = BigInt(this.records.length + 1);
    const full = create(HeaderSchema, {
      runId: "large",
      threadId: "large",
      producerId: "bench",
      producerEpoch: 1n,
      schemaVersion: 1,
      sequence,
      timestampUs: BigInt(START_US) + sequence * 1000n,
      ...header,
    });
    const bytes = toBinary(DashStreamMessageSchema, create(DashStreamMessageSchema, { message: make(full) }));
    this.records.push({ partition: 0, offset: sequence - 1n, value: Uint8Array.from([0, ...bytes]) });
  }

  event(
    eventType: EventType,
    header: HeaderInit = {},
    more: MessageInitShape<typeof EventSchema> = {},
  ): void {
    this.add(
      (full) => ({ case: "event", value: create(EventSchema, { eventType, ...more, header: full }) }),
      header,
    );
  }
}

/** Four records a step: start, edge, end of a node, and the state's change, which adds or replaces a document. */
export function largeRun(steps: number, documents: number, grows: boolean): LogRecord[] {
  const builder = new Builder();
  builder.event(EventType.GRAPH_START);
  const first = Array.from({ length: documents }, (_, id) => ({ id, text: `${id} ${"x".repeat(500)}` }));
  let state = HashedState.of({ documents: first, step: 0 });
  checkpoint(builder, state);
  for (let step = 1; step <= steps; step += 1) {
    const superstep = BigInt(step);
    const place = { nodeId: "work", nodeExecutionId: `task-${step}`, attempt: 1, superstep };
    builder.event(EventType.NODE_START, place);
    const routing = { source: "work", target: "work", count: 1 };
    builder.event(EventType.EDGE_TRAVERSAL, place, { routing });
    builder.event(EventType.NODE_END, place, { durationUs: 900n });
    const operations = [
      grows
        ? operation(0, "/documents/-", { id: documents + step, text: "new" })
        : operation(2, `/documents/${step % documents}`, { id: step, text: "new" }),
      operation(2, "/step", step),
    ];
    const base = state.hash;
    state = state.apply(opsFromWire(operations));
    const { hash } = state;
    builder.add(
      (header) => ({
        case: "stateDiff",
        value: create(StateDiffSchema, {
          header,
          operations,
          baseStateHash: base,
          stateHash: hash,
          hashAlgorithm: HashAlgorithm.TREE_1,
        }),
      }),
      { superstep },
    );
  }
  builder.event(EventType.GRAPH_END, {}, { runStatus: RunStatus.OK });
  return builder.records;
}

function operation(op: number, path: string, value: JsonValue) {
  return create(DiffOperationSchema, { op, path, value: utf8.encode(stringifyJson(value)) });
}

function checkpoint(builder: Builder, state: HashedState): void {
  const text = utf8.encode(stringifyJson(state.value));
  const chunkCount = Math.ceil(text.length / CHUNK_BYTES);
  for (let chunkIndex = 0; chunkIndex < chunkCount; chunkIndex += 1) {
    builder.add(
      (header) => ({
        case: "checkpoint",
        value: create(CheckpointSchema, {
          header,
          checkpointId: Uint8Array.from([1]),
          state: text.subarray(chunkIndex * CHUNK_BYTES, (chunkIndex + 1) * CHUNK_BYTES),
          chunkIndex,
          chunkCount,
          stateHash: chunkIndex === chunkCount - 1 ? state.hash : new Uint8Array(),
          hashAlgorithm: HashAlgorithm.TREE_1,
        }),
      }),
      { superstep: 0n },
    );
  }
}
