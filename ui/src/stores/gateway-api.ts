/**
 * The HTTP seam: what the page asks of a gateway outside of a run's records.
 *
 * Answers are checked before the page sees them. Times are microseconds since the Unix epoch as numbers, names end
 * in `Us`; sequences, offsets and producer epochs are 64-bit and stay decimal strings. What is not known is null.
 */

import type { RunStatus } from "../model/frame";

/** A request that was answered with a problem, or not at all; the message is for people. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";

  constructor(
    message: string,
    /** HTTP status; null when no answer came. */
    readonly status: number | null,
    /** Code of the problem, such as "unauthenticated", "not_found", "unreachable", "bad_answer". */
    readonly code: string,
    /** When to ask again at the earliest, in milliseconds; null when the gateway did not say. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }
}

export interface RunInterrupt {
  readonly id: string;
  readonly nodeId: string;
  /** JSON text of what the program asks. */
  readonly value: string;
  readonly when: string;
}

/** One row of the list of runs. */
export interface RunListing {
  readonly runId: string;
  readonly threadId: string;
  readonly tenantId: string;
  readonly graphId: string;
  readonly graphName: string;
  readonly status: RunStatus;
  readonly startedUs: number;
  readonly endedUs: number | null;
  readonly durationUs: number | null;
  readonly lastUs: number;
  readonly supersteps: number;
  readonly records: number;
  readonly duplicates: number;
  readonly nodeExecutions: number;
  readonly llmCalls: number;
  readonly toolCalls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly errors: number;
  /** Records that the producer says it dropped. */
  readonly losses: number;
  readonly interrupts: readonly RunInterrupt[];
  /** The interrupted run that this one continues. */
  readonly resumes: string | null;
  /** The run that continues this one; an interrupt of a resumed run waits no more. */
  readonly resumedBy: string | null;
  readonly partition: number;
  readonly firstOffset: string;
  readonly lastOffset: string;
  readonly firstSequence: string | null;
  readonly lastSequence: string | null;
  readonly producerId: string;
  readonly producerEpoch: string;
  readonly program: string | null;
  readonly truthEdges: string | null;
  /** The start of the run is retained. */
  readonly hasStart: boolean;
}

export interface RunsQuery {
  readonly status?: RunStatus;
  /** Graph id or name. */
  readonly graph?: string;
  readonly thread?: string;
  /** Part of the run's id, thread, graph or program. */
  readonly text?: string;
  /** From 1 to 500; 100 when absent. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly before?: string;
}

export interface RunsAnswer {
  /** Newest first. */
  readonly runs: readonly RunListing[];
  /** Where the next page begins; null on the last. */
  readonly next: string | null;
  /** Give it back with the same query: the answer is "unchanged" while nothing has changed. */
  readonly etag: string | null;
}

/** What the page's own token may do. */
export interface Access {
  readonly name: string;
  readonly role: string;
  /** Whose things it may see; null: everybody's. */
  readonly tenants: readonly string[] | null;
}

export type HealthLevel = "ok" | "degraded" | "failed";

export interface HealthReason {
  /** Name of the check. */
  readonly check: string;
  readonly level: HealthLevel;
  readonly message: string;
}

export interface GatewayHealth {
  readonly level: HealthLevel;
  readonly reasons: readonly HealthReason[];
  /** Facts that could not be judged; never counted as zero. */
  readonly unknown: readonly string[];
  /** Length of the recent window in seconds. */
  readonly windowS: number;
  /** Whether there is a retained tier, and whether this gateway can write what it owns to it. */
  readonly retained: "none" | "working" | "failing";
  readonly deadLetters: DeadLetterCounts;
  /** Null for a token of some tenants: they are of all. */
  readonly producers: ProducerCounts | null;
  /** As above. */
  readonly viewers: ViewerCounts | null;
  /** Records that the list of runs is behind the log. */
  readonly indexLag: number | null;
}

/** What came over HTTP within the recent window. */
export interface ProducerCounts {
  readonly accepted: number | null;
  readonly rejected: number | null;
  /** Requests put off because too much waited. */
  readonly overloaded: number | null;
}

/** Who is connected now, this page included while a run is open. */
export interface ViewerCounts {
  readonly connected: number | null;
  readonly slow: number | null;
  /** The longest from being sent records to saying that they are applied, in seconds. */
  readonly applyLagS: number | null;
}

/** Dead letters of one gateway. */
export interface DeadLetterCounts {
  /** Since the gateway started. */
  readonly written: number | null;
  readonly waiting: number | null;
  /** Within the recent window. */
  readonly lostRecently: number | null;
}

/** How far the duties of a partition are, as its owner says; all but `high` is null where another gateway owns it. */
export interface PartitionDuties {
  readonly partition: number;
  readonly owned: boolean;
  /** Offset of the next record. */
  readonly high: string;
  /** Offset after all that is settled. */
  readonly settled: string | null;
  /** Old data is still being passed. */
  readonly catchingUp: boolean;
  readonly paused: PartitionPause | null;
}

export interface PartitionPause {
  readonly offset: string;
  readonly reason: string;
  readonly sinceUs: number;
}

/** The gateway over HTTP. Every call rejects with GatewayError; an aborted one with the signal's reason. */
export interface GatewayApi {
  /** A page of runs, or "unchanged" when `etag` still names the newest. */
  runs(query: RunsQuery, etag: string | null, signal: AbortSignal): Promise<RunsAnswer | "unchanged">;
  access(signal: AbortSignal): Promise<Access>;
  health(signal: AbortSignal): Promise<GatewayHealth>;
  partitions(signal: AbortSignal): Promise<readonly PartitionDuties[]>;
  /** The run as a `.dsrun` file. */
  exportRun(runId: string, signal: AbortSignal): Promise<Blob>;
}
