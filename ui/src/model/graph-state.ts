/**
 * The condition of every node and edge after some facts. Values are never changed in place, so that a snapshot is a
 * copy of two maps.
 */

import type { RunStatus } from "./frame";
import type { GraphFact, Outcome } from "./graph-facts";
import type { EdgeKind, NodeStatus } from "./views";

export interface NodeCondition {
  readonly executions: number;
  readonly retries: number;
  readonly newestVisit: number;
  /** Highest try of the newest visit. */
  readonly attempt: number;
  readonly running: number;
  readonly retrying: number;
  readonly done: number;
  readonly errors: number;
  readonly cached: number;
  readonly durationUs: number;
  readonly lastStartUs: number | null;
  readonly lastError: string | null;
  /** How the visit that ended last did. */
  readonly lastOutcome: Outcome | null;
  readonly isWaiting: boolean;
  readonly llmCalls: number;
  readonly toolCalls: number;
  /** Edges that led to the newest visit, and those taken since. */
  readonly ledBy: readonly string[];
  readonly pending: readonly string[];
}

export interface EdgeCondition {
  readonly count: number;
  readonly width: number;
  readonly way: EdgeKind;
}

export const UNTOUCHED: NodeCondition = {
  executions: 0,
  retries: 0,
  newestVisit: -1,
  attempt: 0,
  running: 0,
  retrying: 0,
  done: 0,
  errors: 0,
  cached: 0,
  durationUs: 0,
  lastStartUs: null,
  lastError: null,
  lastOutcome: null,
  isWaiting: false,
  llmCalls: 0,
  toolCalls: 0,
  ledBy: [],
  pending: [],
};

const UNTAKEN: EdgeCondition = { count: 0, width: 0, way: "unknown" };

export class GraphState {
  status: RunStatus | "unknown" = "unknown";

  private constructor(
    readonly nodes: Map<string, NodeCondition>,
    readonly edges: Map<string, EdgeCondition>,
  ) {}

  static empty(): GraphState {
    return new GraphState(new Map(), new Map());
  }

  copy(): GraphState {
    const copy = new GraphState(new Map(this.nodes), new Map(this.edges));
    copy.status = this.status;
    return copy;
  }

  get size(): number {
    return this.nodes.size + this.edges.size;
  }

  apply(fact: GraphFact): void {
    switch (fact.kind) {
      case "status":
        this.status = fact.status;
        return;
      case "edge":
        return this.#taken(fact);
      default: {
        const node = this.nodes.get(fact.node) ?? UNTOUCHED;
        this.nodes.set(fact.node, { ...node, ...changeOf(node, fact) });
      }
    }
  }

  #taken(fact: Extract<GraphFact, { kind: "edge" }>): void {
    const edge = this.edges.get(fact.edge) ?? UNTAKEN;
    const way = fact.way === "unknown" ? edge.way : fact.way;
    this.edges.set(fact.edge, { count: edge.count + 1, width: Math.max(edge.width, fact.width), way });
    const target = this.nodes.get(fact.target) ?? UNTOUCHED;
    if (target.pending.includes(fact.edge)) return;
    this.nodes.set(fact.target, { ...target, pending: [...target.pending, fact.edge] });
  }
}

type NodeFact = Exclude<GraphFact, { kind: "status" | "edge" }>;

function changeOf(node: NodeCondition, fact: NodeFact): Partial<NodeCondition> {
  switch (fact.kind) {
    case "visit":
      return {
        executions: node.executions + 1,
        newestVisit: fact.visit,
        attempt: 0,
        lastStartUs: fact.timestampUs,
        isWaiting: false,
        ...(node.pending.length > 0 ? { ledBy: node.pending, pending: [] } : {}),
      };
    case "try":
      return {
        running: node.running + 1,
        retrying: node.retrying - (fact.from === "retrying" ? 1 : 0),
        retries: node.retries + (fact.attempt > 1 ? 1 : 0),
        attempt: fact.visit >= node.newestVisit ? fact.attempt : node.attempt,
      };
    case "end":
      return ended(node, fact);
    case "close":
      return {
        running: node.running - (fact.from === "running" ? fact.count : 0),
        retrying: node.retrying - (fact.from === "retrying" ? fact.count : 0),
        lastOutcome: fact.outcome,
      };
    case "waiting":
      return { isWaiting: true };
    case "call":
      return fact.call === "llm" ? { llmCalls: node.llmCalls + 1 } : { toolCalls: node.toolCalls + 1 };
  }
}

function ended(node: NodeCondition, fact: Extract<GraphFact, { kind: "end" }>): Partial<NodeCondition> {
  const isError = fact.outcome === "error";
  return {
    running: node.running - 1,
    retrying: node.retrying + (fact.willRetry ? 1 : 0),
    done: node.done + (fact.outcome === "done" ? 1 : 0),
    errors: node.errors + (isError ? 1 : 0),
    cached: node.cached + (fact.cached ? 1 : 0),
    durationUs: node.durationUs + fact.durationUs,
    lastError: isError ? fact.error : node.lastError,
    lastOutcome: fact.outcome,
  };
}

/** A running visit counts before one that waits to be tried again, and both before one that is over. */
export function nodeStatus(node: NodeCondition): NodeStatus {
  if (node.running > 0) return "running";
  if (node.retrying > 0) return "retrying";
  if (node.isWaiting) return "interrupted";
  return node.lastOutcome ?? "idle";
}
