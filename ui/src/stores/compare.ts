/**
 * Where two runs part: the first step at which the hashes of their states differ.
 *
 * Both histories are read side by side and only as far as that step, whatever the length of the runs.
 */

import { diffValues } from "../model/json-diff";
import type { DiffOperation } from "../model/views";
import type { HistoryApi, HistoryStep } from "./history-api";

const OPERATIONS = 200;

export interface Side {
  /** The step at which the runs part; null where this run has ended before. */
  readonly step: HistoryStep | null;
  /** Nodes that ran since the step before. */
  readonly nodes: readonly string[];
}

export interface Comparison {
  /** Steps from the first on whose states are the same in both. */
  readonly common: number;
  /** Null where no difference was found: both end, or one has no hash to compare by. */
  readonly parting: {
    readonly left: Side;
    readonly right: Side;
    /** From the left state to the right one. */
    readonly operations: readonly DiffOperation[];
    readonly total: number;
  } | null;
  /** A step had no hash, so that nothing from there on could be compared. */
  readonly unproven: boolean;
}

export async function compareRuns(
  api: HistoryApi,
  left: string,
  right: string,
  signal: AbortSignal,
): Promise<Comparison> {
  const [lefts, rights] = [stepsOf(api, left, signal), stepsOf(api, right, signal)];
  let before: readonly [string, string] = ["0", "0"];
  for (let common = 0; ; common++) {
    const [a, b] = await Promise.all([lefts.next(), rights.next()]);
    const [one, other] = [a.value ?? null, b.value ?? null];
    if (one === null && other === null) return { common, parting: null, unproven: false };
    if (one?.hash === "" || other?.hash === "") return { common, parting: null, unproven: true };
    if (one?.hash !== other?.hash) {
      const sides = await Promise.all([
        sideOf(api, left, one, before[0], signal),
        sideOf(api, right, other, before[1], signal),
      ]);
      return { common, parting: parting(sides), unproven: false };
    }
    before = [one?.sequence ?? "0", other?.sequence ?? "0"];
  }
}

async function* stepsOf(
  api: HistoryApi,
  runId: string,
  signal: AbortSignal,
): AsyncGenerator<HistoryStep, undefined> {
  let from: string | null = null;
  let last: string | null = null;
  do {
    const page = await api.steps(runId, from, signal);
    for (const step of page.steps) {
      if (step.repeats && step.hash === last) continue;
      last = step.hash;
      yield step;
    }
    from = page.next;
  } while (from !== null);
}

type SideWithState = Side & { readonly state: Parameters<typeof diffValues>[0] };

async function sideOf(
  api: HistoryApi,
  runId: string,
  step: HistoryStep | null,
  before: string,
  signal: AbortSignal,
): Promise<SideWithState> {
  if (step === null) return { step, nodes: [], state: undefined };
  const [nodes, state] = await Promise.all([
    api.nodes(runId, before, step.sequence, signal),
    api.state(runId, step.sequence, signal),
  ]);
  return { step, nodes, state };
}

function parting([left, right]: readonly [SideWithState, SideWithState]): Comparison["parting"] {
  const ended = left.step === null || right.step === null;
  const diff = ended ? { operations: [], total: 0 } : diffValues(left.state, right.state, OPERATIONS);
  return { left, right, ...diff };
}
