/** Histories of runs without a gateway: a list of states per run, hashed by their text. */

import type { JsonValue } from "../protocol/json";
import { GatewayError } from "../stores/gateway-api";
import type { HistoryApi } from "../stores/history-api";

const PAGE = 2;

export interface FakeHistory extends HistoryApi {
  /** States by run, in order of their steps. */
  readonly runs: Map<string, readonly JsonValue[]>;
  /** Pages of steps that were asked for. */
  readonly pages: { count: number };
  hashed: boolean;
}

export function createFakeHistory(): FakeHistory {
  const runs = new Map<string, readonly JsonValue[]>();
  const statesOf = (runId: string): readonly JsonValue[] => {
    const states = runs.get(runId);
    if (!states) throw new GatewayError(`there is no run ${runId}`, 404, "not_found");
    return states;
  };
  const fake: FakeHistory = {
    runs,
    pages: { count: 0 },
    hashed: true,
    steps: async (runId, from) => {
      fake.pages.count += 1;
      const states = statesOf(runId);
      const first = Number(from ?? 1) - 1;
      const steps = states.slice(first, first + PAGE).map((state, index) => ({
        sequence: String(first + index + 1),
        superstep: String(first + index),
        hash: fake.hashed ? JSON.stringify(state) : "",
        repeats: false,
      }));
      return { steps, next: first + PAGE < states.length ? String(first + PAGE + 1) : null };
    },
    nodes: async (_, from, to) => [`node after ${from}`, `node before ${to}`],
    state: async (runId, sequence) => statesOf(runId)[Number(sequence) - 1] ?? null,
  };
  return fake;
}
