/**
 * What the engine tells about the open run with every frame: connection, receipt, summary, markers.
 *
 * Times are microseconds since the Unix epoch as numbers, exact until the year 2255; names end in `Us`.
 * Sequences and offsets are 64-bit and travel as decimal strings.
 */

import type { SessionPhase } from "../protocol/session-types";

export type ConnectionPhase = SessionPhase;

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
  /** Milliseconds from the moment of this frame until the token expires, once that is near; null before. */
  readonly expiresInMs: number | null;
  /** The connection is closed because its token does not count, or no longer. */
  readonly isTokenRefused: boolean;
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
  /** The step after which the gap stands; null when before the first step that can be shown. */
  readonly step: number | null;
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
  /** First and last sequence of the records between those that were read from the beginning and the newest part. */
  readonly unread: { readonly from: string; readonly to: string } | null;
  /** The oldest record and the oldest step that can be shown; null while nothing was let go. */
  readonly horizon: { readonly sequence: string; readonly step: number } | null;
  readonly notices: readonly Notice[];
}
