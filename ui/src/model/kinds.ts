/** Names of kinds, types and enumerations as the page uses them: lower case, without the wire's prefixes. */

import type { MessageCase } from "../protocol/codec";
import {
  EventType,
  LossReason,
  MessageType,
  ToolExecution_Stage,
  EdgeKind as WireEdgeKind,
  RunStatus as WireRunStatus,
} from "../protocol/gen/dashstream_pb";
import type { LossInfo, RecordKind, RunStatus } from "./frame";
import type { EdgeKind } from "./views";

const KINDS: Readonly<Record<MessageCase, RecordKind>> = {
  event: "event",
  stateDiff: "state_diff",
  tokenChunk: "token_chunk",
  toolExecution: "tool_execution",
  checkpoint: "checkpoint",
  metrics: "metrics",
  error: "error",
  eventBatch: "event_batch",
  executionTrace: "execution_trace",
  loss: "loss",
  graphSchema: "graph_schema",
};

export function kindOf(message: MessageCase): RecordKind {
  return KINDS[message];
}

/** "node_start" for NODE_START; a number for a type that this version does not know. */
export function eventTypeName(type: EventType): string {
  return EventType[type]?.toLowerCase() ?? `event_${type}`;
}

export function toolStageName(stage: ToolExecution_Stage): string {
  return `tool_${(ToolExecution_Stage[stage] ?? String(stage)).toLowerCase()}`;
}

const STATUSES: Readonly<Record<WireRunStatus, RunStatus>> = {
  [WireRunStatus.UNSPECIFIED]: "ok",
  [WireRunStatus.OK]: "ok",
  [WireRunStatus.ERROR]: "error",
  [WireRunStatus.CANCELLED]: "cancelled",
  [WireRunStatus.INTERRUPTED]: "interrupted",
  [WireRunStatus.RECURSION_LIMIT]: "recursion_limit",
  [WireRunStatus.CLOSED]: "closed",
  [WireRunStatus.TIMED_OUT]: "timed_out",
};

/** How a run ended. An end without a status is what older producers send: the event type decides then. */
export function runStatus(status: WireRunStatus, isError: boolean): RunStatus {
  if (status === WireRunStatus.UNSPECIFIED && isError) return "error";
  return STATUSES[status] ?? (isError ? "error" : "ok");
}

const EDGE_KINDS: Readonly<Record<WireEdgeKind, EdgeKind>> = {
  [WireEdgeKind.UNSPECIFIED]: "unknown",
  [WireEdgeKind.STATIC]: "static",
  [WireEdgeKind.CONDITIONAL]: "conditional",
  [WireEdgeKind.SEND]: "send",
  [WireEdgeKind.JOIN]: "join",
};

export function edgeKind(kind: WireEdgeKind): EdgeKind {
  return EDGE_KINDS[kind] ?? "unknown";
}

const LOSS_REASONS: Readonly<Record<LossReason, LossInfo["reason"]>> = {
  [LossReason.UNSPECIFIED]: "unknown",
  [LossReason.QUEUE_FULL]: "queue_full",
  [LossReason.TOO_LARGE]: "too_large",
  [LossReason.SPOOL_FULL]: "spool_full",
  [LossReason.ENCODE_FAILED]: "encode_failed",
  [LossReason.REJECTED]: "rejected",
  [LossReason.EXIT]: "exit",
};

export function lossReason(reason: LossReason): LossInfo["reason"] {
  return LOSS_REASONS[reason] ?? "unknown";
}

const KNOWN_KINDS = new Set<string>(Object.values(KINDS));

export function lossKind(type: MessageType): LossInfo["kind"] {
  const name = (MessageType[type] ?? "").toLowerCase();
  return KNOWN_KINDS.has(name) ? (name as RecordKind) : "unknown";
}
