/** The HTTP seam for a run's past without opening it: its steps by hash, and its state at a step. */

import type { JsonValue } from "../protocol/json";

/** A record that holds a state of the run. */
export interface HistoryStep {
  readonly sequence: string;
  readonly superstep: string | null;
  /** Hex; empty where the producer sent none. */
  readonly hash: string;
  /** It may repeat the state before it: no step then. */
  readonly repeats: boolean;
}

export interface HistoryPage {
  readonly steps: readonly HistoryStep[];
  /** Where the next page begins; null on the last. */
  readonly next: string | null;
}

/** Every call rejects with GatewayError; an aborted one with the signal's reason. */
export interface HistoryApi {
  /** Steps in order, from `from` on; null is the first. */
  steps(runId: string, from: string | null, signal: AbortSignal): Promise<HistoryPage>;
  /** Nodes that started from one sequence up to another, in order, each once. */
  nodes(runId: string, from: string, to: string, signal: AbortSignal): Promise<readonly string[]>;
  /** The state of the root graph at a sequence; integers are exact. */
  state(runId: string, sequence: string, signal: AbortSignal): Promise<JsonValue>;
}
