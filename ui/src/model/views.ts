/**
 * Answers to questions about one moment of a run: graph, state, timeline, events, calls. Plain values that can
 * cross a worker's border. Units as in `frame.ts`.
 */

import type { RecordKind, RunStatus, Verification } from "./frame";

/** Addresses time in a run. */
export type Moment =
  | { readonly kind: "live" }
  | { readonly kind: "step"; readonly step: number }
  | { readonly kind: "sequence"; readonly sequence: string };

export type NodeStatus = "idle" | "running" | "done" | "error" | "retrying" | "interrupted" | "stopped";

export type NodeKind = "start" | "end" | "node" | "subgraph" | "tools";

export interface GraphNode {
  readonly id: string;
  readonly name: string;
  readonly kind: NodeKind;
  /** Enclosing subgraph node; null at the root. */
  readonly parent: string | null;
  readonly status: NodeStatus;
  /** Visits started. */
  readonly executions: number;
  /** Tries beyond the first, over all visits. */
  readonly retries: number;
  /** Highest try of the newest visit. */
  readonly attempt: number;
  /** Visits that are running now. */
  readonly active: number;
  readonly done: number;
  readonly errors: number;
  readonly cached: number;
  /** Sum over ended tries. */
  readonly durationUs: number;
  /** When the newest visit started. */
  readonly lastStartUs: number | null;
  readonly lastError: string | null;
  readonly declared: boolean;
  readonly observed: boolean;
  readonly llmCalls: number;
  readonly toolCalls: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export type EdgeKind = "static" | "conditional" | "send" | "join" | "unknown";

export interface GraphEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly kind: EdgeKind;
  readonly conditional: boolean;
  readonly label: string;
  readonly declared: boolean;
  readonly taken: boolean;
  readonly count: number;
  /** Widest `Send` along this edge. */
  readonly width: number;
  /** Among the traversals that led to the newest visit of its target. */
  readonly lastTaken: boolean;
}

export interface GraphView {
  readonly graphId: string | null;
  readonly name: string;
  /** Content identity of nodes and edges; layout is needed again only when it changes. */
  readonly topology: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly status: RunStatus | "unknown";
  /** The producer declared a structure. */
  readonly hasSchema: boolean;
}

export type JsonType = "null" | "boolean" | "number" | "string" | "array" | "object";
export type ChangeMark = "added" | "removed" | "changed";

export interface StateRow {
  /** Unique among the rows of one answer, also for removed ones. */
  readonly id: string;
  /** JSON pointer. */
  readonly path: string;
  readonly depth: number;
  readonly key: string;
  readonly type: JsonType;
  /** Bounded text of the value. */
  readonly preview: string;
  readonly childCount: number;
  readonly expanded: boolean;
  readonly change: ChangeMark | null;
  /** Bounded text of the value before, for changed leaves and removed rows. */
  readonly before: string | null;
  /** The row matches the search. */
  readonly match: boolean;
}

export interface StateQuery {
  readonly moment: Moment;
  readonly ns: string;
  /** Pointers of expanded containers; the root is always expanded. With a search, matches are expanded too. */
  readonly expanded: readonly string[];
  readonly from: number;
  readonly count: number;
  readonly compare: Moment | "previous" | null;
  readonly search?: string;
}

export interface StateRows {
  readonly total: number;
  readonly from: number;
  readonly rows: readonly StateRow[];
  readonly step: number | null;
  readonly superstep: string | null;
  /** Hex; null when there is no state. */
  readonly hash: string | null;
  readonly verification: Verification | "none";
  /** Why there is no verified state, in words. */
  readonly problem: string | null;
  /** Size of the state as compact JSON text; an estimate above 1 MiB. */
  readonly bytes: number;
  readonly matches: number;
}

export interface DiffOperation {
  readonly op: "add" | "remove" | "replace";
  readonly path: string;
  /** Bounded JSON texts. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface DiffView {
  readonly operations: readonly DiffOperation[];
  /** All operations counted, also those beyond the limit. */
  readonly total: number;
  readonly fromStep: number | null;
  readonly toStep: number | null;
}

/** One earlier or present value of a path, newest first. */
export interface BlameEntry {
  readonly step: number;
  readonly superstep: string | null;
  readonly sequence: string;
  readonly timestampUs: number;
  /** Nodes that ran in the superstep that made this step. */
  readonly nodes: readonly string[];
  /** Bounded JSON text; null when the path did not exist after this step. */
  readonly value: string | null;
}

export interface TimelineStep {
  readonly step: number;
  readonly superstep: string | null;
  readonly sequence: string;
  readonly startUs: number;
  readonly endUs: number;
  readonly nodes: readonly string[];
  readonly verification: Verification;
  readonly operations: number;
}

export interface TimelineSpan {
  readonly id: string;
  readonly kind: "node" | "llm" | "tool";
  readonly name: string;
  readonly nodeId: string | null;
  readonly startUs: number;
  /** null while it runs. */
  readonly endUs: number | null;
  readonly status: "running" | "done" | "error" | "interrupted" | "stopped";
  readonly attempt: number;
  readonly cached: boolean;
  /** Row in the waterfall; spans of one lane do not overlap in time. */
  readonly lane: number;
  readonly step: number | null;
  readonly sequence: string;
  /** The end lies before the start by the producer's clock; the duration is 0 here. */
  readonly skewed: boolean;
}

export interface TimelineQuery {
  /** Spans that touch this window; both null means the whole run. */
  readonly fromUs: number | null;
  readonly toUs: number | null;
  /** Most spans and most steps in the answer. */
  readonly limit: number;
}

export interface TimelineView {
  readonly startUs: number;
  readonly endUs: number;
  readonly lanes: number;
  readonly steps: readonly TimelineStep[];
  readonly spans: readonly TimelineSpan[];
  /** What the window holds in all; when more than `spans`, the longest are shown. */
  readonly totalSpans: number;
  readonly totalSteps: number;
  /** Number of the first step that can be shown. */
  readonly firstStep: number;
  /** Time of which the records are still unread; null when there is none. */
  readonly unread: { readonly fromUs: number; readonly toUs: number } | null;
}

export interface EventRow {
  /** Names the record within its run, whatever else is known of it; ask for details with it. */
  readonly id: string;
  readonly sequence: string;
  readonly partition: number;
  readonly offset: string;
  readonly kind: RecordKind;
  /** Event type in lower case, such as "node_start", or the kind. */
  readonly type: string;
  readonly timestampUs: number;
  readonly nodeId: string | null;
  readonly attempt: number;
  readonly superstep: string | null;
  readonly step: number | null;
  readonly summary: string;
  readonly bytes: number;
}

export interface EventQuery {
  /** Only records up to this moment; null or live means all. */
  readonly moment: Moment | null;
  /** Kinds or event types; empty means all. */
  readonly kinds: readonly string[];
  readonly node: string | null;
  /** Part of the summary, the type or the node, case ignored; "" means all. */
  readonly text: string;
  readonly from: number;
  readonly count: number;
}

export interface EventRows {
  readonly total: number;
  readonly from: number;
  /** Place in the list, which counts as a row, of the records that are still unread; null when there is none. */
  readonly unreadAt: number | null;
  /** Null at that place. */
  readonly rows: readonly (EventRow | null)[];
}

export interface EventDetail {
  readonly row: EventRow;
  /** Indented JSON text of the decoded record. */
  readonly json: string;
  /** Hex dump of the record's value, bounded. */
  readonly hex: string;
  readonly truncated: boolean;
}

export type CallStatus = "running" | "done" | "error" | "stopped";

export interface LlmCall {
  readonly id: string;
  readonly model: string;
  readonly provider: string;
  readonly nodeId: string | null;
  readonly status: CallStatus;
  readonly startUs: number;
  readonly endUs: number | null;
  readonly durationUs: number | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly totalTokens: number | null;
  readonly finishReason: string | null;
  readonly error: string | null;
  readonly sequence: string;
  readonly step: number | null;
  readonly attempt: number;
  /** Characters so far, and the last part of the text. */
  readonly textLength: number;
  readonly textTail: string;
  readonly firstTokenUs: number | null;
  /** Token chunks that never came. */
  readonly missingChunks: number;
}

export interface LlmMessage {
  readonly role: string;
  readonly name: string | null;
  /** Text, or indented JSON text where the content is not text. */
  readonly content: string;
  readonly toolCalls: string | null;
}

export interface LlmDetail {
  readonly call: LlmCall;
  readonly prompt: readonly LlmMessage[];
  /** The prompt was bounded by the producer, or the call it builds upon is not here. */
  readonly promptTruncated: boolean;
  readonly text: string;
  /** Messages at the front that an earlier call already had. */
  readonly sharedMessages: number;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly nodeId: string | null;
  readonly status: CallStatus;
  readonly startUs: number;
  readonly endUs: number | null;
  readonly durationUs: number | null;
  /** JSON texts, bounded by the producer. */
  readonly arguments: string | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly sequence: string;
  readonly step: number | null;
  readonly attempt: number;
}
