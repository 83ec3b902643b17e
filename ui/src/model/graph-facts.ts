/**
 * What happened to a graph, as facts that only ever move it forward: the one ordering guard of node status.
 *
 * Law: a visit's (try, phase) never goes back; a repeated, late or older record makes no fact.
 */

import type { RunStatus } from "./frame";
import { OPEN_KEPT } from "./horizon";
import type { EdgeKind } from "./views";

export type Outcome = "done" | "error" | "interrupted" | "stopped";

export type GraphFact =
  | { readonly kind: "visit"; readonly node: string; readonly visit: number; readonly timestampUs: number }
  | {
      readonly kind: "try";
      readonly node: string;
      readonly visit: number;
      readonly attempt: number;
      /** Where the visit comes from: it is new, it waited for this try, or its end was taken for final. */
      readonly from: "new" | "retrying" | "ended";
    }
  | {
      readonly kind: "end";
      readonly node: string;
      readonly visit: number;
      readonly outcome: Outcome;
      readonly durationUs: number;
      readonly cached: boolean;
      readonly error: string | null;
      /** The visit goes on with another try. */
      readonly willRetry: boolean;
    }
  /** The run ended before these visits did. */
  | {
      readonly kind: "close";
      readonly node: string;
      readonly count: number;
      readonly from: "running" | "retrying";
      readonly outcome: "interrupted" | "stopped";
    }
  /** The run pauses before the node. */
  | { readonly kind: "waiting"; readonly node: string }
  | {
      readonly kind: "edge";
      readonly edge: string;
      readonly target: string;
      readonly width: number;
      readonly way: EdgeKind;
    }
  | { readonly kind: "call"; readonly node: string; readonly call: "llm" | "tool" }
  | { readonly kind: "status"; readonly status: RunStatus };

interface Visit {
  readonly id: number;
  readonly node: string;
  attempt: number;
  phase: "new" | "running" | "retrying" | "ended";
  startedUs: number;
}

/** Makes facts of what records say about node executions. */
export class VisitGuard {
  readonly #visits = new Map<string, Visit>();
  readonly #open = new Set<Visit>();
  /** How many open visits were let go, by their node and what they did. */
  readonly #forgotten = new Map<string, Pick<Visit, "node" | "phase"> & { count: number }>();
  #isOver = false;
  #count = 0;

  /** A try begins. Empty when that is not news. */
  start(node: string, execution: string, attempt: number, timestampUs: number): GraphFact[] {
    if (this.#isOver) return [];
    const key = execution || `${node} ${this.#count}`;
    const known = this.#visits.get(key);
    const number = Math.max(1, attempt);
    if (known !== undefined && number <= known.attempt) return [];
    const visit = known ?? this.#admit(key, node, timestampUs);
    const from = visit.phase === "retrying" || visit.phase === "ended" ? visit.phase : "new";
    // A try whose end never came is over when the next one begins.
    const isSilent = visit.phase === "running";
    visit.attempt = number;
    visit.phase = "running";
    visit.startedUs = timestampUs;
    this.#open.add(visit);
    const facts: GraphFact[] = isSilent ? [silentEnd(visit)] : [];
    facts.push({ kind: "try", node, visit: visit.id, attempt: number, from: isSilent ? "retrying" : from });
    if (known === undefined) facts.unshift({ kind: "visit", node, visit: visit.id, timestampUs });
    return facts;
  }

  /** A try is over. Empty when that is not news. */
  end(
    node: string,
    execution: string,
    attempt: number,
    timestampUs: number,
    how: { outcome: Outcome; durationUs: number; cached: boolean; error: string | null; willRetry: boolean },
  ): GraphFact[] {
    const number = Math.max(1, attempt);
    const facts: GraphFact[] = [];
    let visit = execution === "" ? this.#oldest(node) : this.#visits.get(execution);
    if (visit === undefined || number > visit.attempt) {
      facts.push(...this.start(node, execution, number, timestampUs - how.durationUs));
      visit = execution === "" ? this.#oldest(node) : this.#visits.get(execution);
    }
    if (visit === undefined || number < visit.attempt || visit.phase !== "running") return facts;
    visit.phase = how.willRetry ? "retrying" : "ended";
    if (!how.willRetry) this.#open.delete(visit);
    const durationUs = how.durationUs || Math.max(0, timestampUs - visit.startedUs);
    facts.push({ kind: "end", node: visit.node, visit: visit.id, ...how, durationUs });
    return facts;
  }

  /** The run is over: what is still open was interrupted with these nodes, or was stopped. */
  finish(interruptedNodes: ReadonlySet<string>): GraphFact[] {
    const open = [...this.#open].map(({ node, phase }) => ({ node, phase, count: 1 }));
    const facts = [...this.#forgotten.values(), ...open].map(
      ({ node, phase, count }): GraphFact => ({
        kind: "close",
        node,
        count,
        from: phase === "retrying" ? "retrying" : "running",
        outcome: holdsAny(node, interruptedNodes) ? "interrupted" : "stopped",
      }),
    );
    for (const visit of this.#open) visit.phase = "ended";
    this.#open.clear();
    this.#forgotten.clear();
    this.#isOver = true;
    return facts;
  }

  /** Forget the visits before this one that are over, and of the oldest of more than `OPEN_KEPT` open ones all but their count. */
  letGoBefore(first: number): void {
    let excess = this.#open.size - OPEN_KEPT;
    for (const [key, visit] of this.#visits) {
      if (visit.id >= first) return;
      if (this.#open.has(visit) && excess <= 0) continue;
      this.#visits.delete(key);
      if (!this.#open.delete(visit)) continue;
      excess -= 1;
      this.#countForgotten(visit);
    }
  }

  #countForgotten({ node, phase }: Visit): void {
    const key = `${phase} ${node}`;
    const known = this.#forgotten.get(key);
    if (known === undefined) this.#forgotten.set(key, { node, phase, count: 1 });
    else known.count += 1;
  }

  #admit(key: string, node: string, startedUs: number): Visit {
    const visit: Visit = { id: this.#count, node, attempt: 0, phase: "new", startedUs };
    this.#count += 1;
    this.#visits.set(key, visit);
    return visit;
  }

  /** The oldest open visit of a node, for producers that do not name their visits. */
  #oldest(node: string): Visit | undefined {
    for (const visit of this.#open) if (visit.node === node) return visit;
    return undefined;
  }
}

function silentEnd(visit: Visit): GraphFact {
  const { id, node } = visit;
  const unknown = { outcome: "error", durationUs: 0, cached: false, error: null, willRetry: true } as const;
  return { kind: "end", node, visit: id, ...unknown };
}

/** Whether the node, or one inside of it, is among these. */
function holdsAny(node: string, nodes: ReadonlySet<string>): boolean {
  for (const other of nodes) if (other === node || other.startsWith(`${node}:`)) return true;
  return false;
}
