/**
 * The engine seam: what the page asks of the engine, and what it is told.
 *
 * The engine lives in one worker. It owns the connection, decodes and verifies every record, and holds the open
 * run. The main thread holds frames (small, at most one per displayed frame) and the answers to its questions
 * (windows of rows), never a whole state or a whole event list.
 *
 * Times are microseconds since the Unix epoch as numbers, which is exact until the year 2255; names end in `Us`.
 * Sequences and offsets are 64-bit and travel as decimal strings.
 */

export type ConnectionPhase =
  | "idle"
  | "connecting"
  | "subscribing"
  | "catching_up"
  | "live"
  | "falling_behind"
  | "mismatch"
  | "closed";

/** State of the connection. `closed` is final until the user acts; every other phase recovers by itself. */
export interface ConnectionStatus {
  readonly phase: ConnectionPhase;
  /** Connection attempts since the last time records flowed; 0 when all is well. */
  readonly attempt: number;
  /** Milliseconds from the moment of this frame to the next attempt; null when none is planned. */
  readonly retryInMs: number | null;
  /** Cause in words, when the phase is not an ordinary one. */
  readonly reason: string | null;
  /** What the user can do about it, in words. */
  readonly remedy: string | null;
  readonly serverVersion: string | null;
  /** Which gateway process answers; changes when it restarts. */
  readonly instance: string | null;
  /** Where the records come from. */
  readonly source: "gateway" | "file" | "none";
}

/** Both versions of a schema mismatch, for the banner. */
export interface MismatchInfo {
  readonly expected: number;
  readonly seen: number;
  /** Where the first incompatible record stands; null when the gateway itself announced the version. */
  readonly partition: number | null;
  readonly offset: string | null;
}

/** A known missing range. Delivery gaps have a partition and offsets, producer gaps have sequences. */
export interface GapInfo {
  readonly kind: "delivery" | "sequence";
  readonly reason: "lost" | "not_retained" | "epoch_changed" | "unexplained";
  readonly partition: number | null;
  /** First missing offset or sequence. */
  readonly from: string;
  /** First offset or sequence after the range. */
  readonly to: string;
  /** Missing records of this run; null when it cannot be known. */
  readonly count: number | null;
  /** The step after which the gap stands; null when before the first step. */
  readonly step: number | null;
}

/** Records that the producer says it dropped. */
export interface LossInfo {
  readonly sequence: string;
  readonly step: number | null;
  readonly kind: RecordKind | "unknown";
  readonly reason:
    | "queue_full"
    | "too_large"
    | "spool_full"
    | "encode_failed"
    | "rejected"
    | "exit"
    | "unknown";
  readonly count: number;
  readonly firstUs: number | null;
  readonly lastUs: number | null;
}

/** A record that could not be decoded and was set aside, visibly. */
export interface UndecodableInfo {
  readonly partition: number;
  readonly offset: string;
  readonly reason: string;
}

export type Verification = "verified" | "unverified" | "pending" | "mismatch";

/** Proof of delivery and of state for the open run. */
export interface Receipt {
  /** Different records of this run that were received and applied. */
  readonly received: number;
  /** Records the run has as far as can be known; null before anything is known. */
  readonly total: number | null;
  /** The run's first and last record are here, nothing is missing in between, nothing was set aside. */
  readonly complete: boolean;
  readonly gaps: readonly GapInfo[];
  /** Records known to be missing. */
  readonly missing: number;
  /** Repeated records that were recognised and not applied again. */
  readonly duplicates: number;
  readonly undecodable: number;
  /** The first few of them. */
  readonly undecodables: readonly UndecodableInfo[];
  readonly verifiedSteps: number;
  readonly steps: number;
  readonly verification: Verification;
  /** Every step up to and including this one is verified; null when step 0 is not. */
  readonly verifiedThrough: number | null;
  readonly losses: readonly LossInfo[];
}

export type RunStatus =
  | "running"
  | "ok"
  | "error"
  | "cancelled"
  | "interrupted"
  | "recursion_limit"
  | "closed"
  | "timed_out";

export interface InterruptInfo {
  readonly id: string;
  readonly nodeId: string | null;
  /** JSON text of what the program asks. */
  readonly value: string;
  readonly when: "before" | "after" | "inside" | "unknown";
  readonly sequence: string;
  readonly step: number | null;
}

export interface RunErrorInfo {
  readonly sequence: string;
  readonly step: number | null;
  readonly nodeId: string | null;
  readonly type: string;
  readonly message: string;
  readonly stack: string | null;
}

export interface RunWarning {
  readonly sequence: string;
  readonly nodeId: string | null;
  readonly code: string;
  readonly message: string;
}

export interface RunSummary {
  readonly runId: string;
  readonly threadId: string;
  readonly tenantId: string;
  readonly graphId: string | null;
  readonly graphName: string;
  readonly status: RunStatus;
  readonly startedUs: number | null;
  readonly endedUs: number | null;
  readonly durationUs: number | null;
  /** Producer's time of the newest record. */
  readonly lastUs: number | null;
  readonly supersteps: number;
  readonly records: number;
  readonly nodeExecutions: number;
  readonly llmCalls: number;
  readonly toolCalls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly errors: readonly RunErrorInfo[];
  /** All errors counted; `errors` holds the newest few. */
  readonly errorCount: number;
  readonly warnings: readonly RunWarning[];
  readonly interrupts: readonly InterruptInfo[];
  readonly resumes: string | null;
  readonly resumeValue: string | null;
  readonly framework: string | null;
  readonly frameworkVersion: string | null;
  readonly sdkVersion: string | null;
  readonly program: string | null;
  readonly pid: string | null;
  readonly producerId: string | null;
  /** Whether the edges shown were observed, or could not be. */
  readonly truthEdges: "observed" | "reduced" | "unknown";
  readonly truthReason: string | null;
  /** JSON text of the input, bounded by the producer. */
  readonly input: string | null;
  /** Records that the producer says it dropped in this run. */
  readonly dropped: number;
  /** Time the observer took inside the program; null until the run has ended. */
  readonly observerUs: number | null;
  /** Checkpoint namespaces that have a state; "" is the root and comes first. */
  readonly namespaces: readonly string[];
}

export type MarkerKind =
  | "error"
  | "interrupt"
  | "resume"
  | "gap"
  | "loss"
  | "checkpoint"
  | "schema"
  | "mismatch"
  | "undecodable"
  | "warning";

export interface Marker {
  readonly kind: MarkerKind;
  /** Step that was current when it happened; null before the first one. */
  readonly step: number | null;
  readonly sequence: string;
  readonly timestampUs: number;
  readonly label: string;
}

/** Something the user must be told that is not in the data: a new epoch, a bound that was reached. */
export interface Notice {
  readonly id: string;
  readonly level: "info" | "warning" | "error";
  readonly text: string;
}

/** How far intake is behind; figures of the current connection, over the last 60 s, on a monotonic clock. */
export interface IntakeHealth {
  readonly level: "no_data" | "idle" | "healthy" | "slow" | "stalled";
  /** Records and bytes received and not yet applied. */
  readonly pendingRecords: number;
  readonly pendingBytes: number;
  /** Average and maximum time from receipt to applied, in milliseconds; null without a sample in the window. */
  readonly averageMs: number | null;
  readonly maximumMs: number | null;
  /** Records applied per second over the window. */
  readonly recordsPerSecond: number;
}

/** What the engine pushes for the open run, at most once per displayed frame. */
export interface RunFrame {
  /** Grows with every change of the run's data; ask again for what is shown when it does. */
  readonly revision: number;
  /** Which run or file is open; null when none. Frames of an earlier one never come after `openRun`. */
  readonly openId: string | null;
  readonly connection: ConnectionStatus;
  readonly mismatch: MismatchInfo | null;
  readonly receipt: Receipt;
  readonly intake: IntakeHealth;
  readonly run: RunSummary | null;
  /** Number of known steps. A step is one transition of the root state; the playhead goes from 0 to steps - 1. */
  readonly steps: number;
  readonly markers: readonly Marker[];
  readonly lastSequence: string;
  readonly notices: readonly Notice[];
}

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
}

export type RecordKind =
  | "event"
  | "state_diff"
  | "token_chunk"
  | "tool_execution"
  | "checkpoint"
  | "metrics"
  | "error"
  | "event_batch"
  | "execution_trace"
  | "loss"
  | "graph_schema"
  | "undecodable";

export interface EventRow {
  /** Place in the run's list of records; ask for details with it. */
  readonly index: number;
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
  readonly rows: readonly EventRow[];
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

/** The engine as the page sees it. Answers are about the run that is open when the question arrives. */
export interface EngineApi {
  /** Use this gateway; connects when a run is opened. A changed token or address reconnects. */
  connect(target: { readonly wsUrl: string; readonly apiUrl: string; readonly token: string | null }): void;
  /** Open a run from its beginning, or close what is open with null. */
  openRun(runId: string | null): void;
  /** Open a `.dsrun` file without any gateway. Rejects with a message for people when it is not one. */
  openFile(name: string, bytes: ArrayBuffer): Promise<void>;
  /** Try again now: reconnects, and leaves `closed`. */
  retry(): void;
  /** Leave a schema mismatch: set the incompatible record aside, visibly, and go on. */
  resolveMismatch(): void;
  /** Be told of every frame; returns how to stop. The newest frame, if any, comes at once. */
  onFrame(listener: (frame: RunFrame) => void): () => void;
  graphAt(moment: Moment): Promise<GraphView>;
  stateRows(query: StateQuery): Promise<StateRows>;
  /** What a step changed, or the difference between two moments. */
  diffAt(query: {
    readonly moment: Moment;
    readonly against: Moment | "previous";
    readonly ns: string;
    readonly limit: number;
  }): Promise<DiffView>;
  /** JSON text of the value at a pointer ("" is all), indented, bounded by 4 MiB; null when there is none. */
  valueAt(moment: Moment, ns: string, path: string): Promise<string | null>;
  /** Which steps set the value at a pointer, newest first. */
  blame(query: {
    readonly moment: Moment;
    readonly ns: string;
    readonly path: string;
    readonly limit: number;
  }): Promise<readonly BlameEntry[]>;
  timeline(query: TimelineQuery): Promise<TimelineView>;
  eventRows(query: EventQuery): Promise<EventRows>;
  eventDetail(index: number): Promise<EventDetail | null>;
  llmCalls(moment: Moment): Promise<readonly LlmCall[]>;
  llmCall(id: string, moment: Moment): Promise<LlmDetail | null>;
  toolCalls(moment: Moment): Promise<readonly ToolCall[]>;
  /** The step that a moment falls into; null before the first. */
  stepOf(moment: Moment): Promise<number | null>;
}
