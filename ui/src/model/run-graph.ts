/**
 * The graph of a run at any moment: topology of the whole run, conditions as of then.
 *
 * Facts are kept with the row that made them; copies of the conditions are kept every few facts, so that a moment
 * costs one copy and a few facts, however long the run is. Facts before the oldest copy that is needed are let go.
 */

import { EventType, ToolExecution_Stage } from "../protocol/gen/dashstream_pb";
import { flagAttribute, textAttribute } from "./attributes";
import type { RunStatus } from "./frame";
import { type GraphFact, VisitGuard } from "./graph-facts";
import { GraphState, type NodeCondition, nodeStatus, UNTOUCHED } from "./graph-state";
import { GraphTopology, type TopologyEdge, type TopologyNode } from "./graph-topology";
import { type Item, nodeIdOf } from "./items";
import { edgeKind } from "./kinds";
import { Tail } from "./tail";
import type { GraphEdge, GraphNode, GraphView, NodeStatus } from "./views";

const FACTS_BETWEEN_COPIES = 512;

interface Copy {
  readonly facts: number;
  readonly state: GraphState;
}

type EventItem = Extract<Item["message"], { case: "event" }>["value"];

export class RunGraph {
  readonly topology = new GraphTopology();
  readonly #guard = new VisitGuard();
  readonly #facts = new Tail<GraphFact>();
  /** The row that made each fact. */
  readonly #rows = new Tail<number>();
  readonly #copies = new Tail<Copy>();
  readonly #interrupted = new Set<string>();
  #live = GraphState.empty();

  constructor() {
    this.#copies.push({ facts: 0, state: GraphState.empty() });
  }

  /** Take in an item; `status` is the run's, as it is after the item. */
  apply(row: number, item: Item, timestampUs: number, status: RunStatus): void {
    const { message } = item;
    if (message.case === "graphSchema") this.topology.declare(message.value);
    const node = nodeIdOf(item);
    if (node !== "") this.topology.see(node);
    if (message.case === "event") {
      if (message.value.eventType === EventType.EDGE_TRAVERSAL) this.#edge(row, message.value);
      else if (node !== "") this.#event(row, item, message.value, node, timestampUs);
    }
    if (
      message.case === "toolExecution" &&
      message.value.stage === ToolExecution_Stage.STARTED &&
      node !== ""
    ) {
      this.#note(row, { kind: "call", node, call: "tool" });
    }
    if (status === this.#live.status) return;
    if (status !== "running") for (const fact of this.#guard.finish(this.#interrupted)) this.#note(row, fact);
    this.#note(row, { kind: "status", status });
  }

  /** The graph after the first `rows` records. */
  at(rows: number): GraphView {
    const state = this.#stateAt(rows);
    const { graphId, name, identity, hasSchema, nodes, edges } = this.topology;
    return {
      graphId,
      name,
      topology: identity,
      nodes: [...nodes.values()].map((node) => nodeView(node, state)),
      edges: [...edges.values()].map((edge) => edgeView(edge, this.topology, state)),
      status: state.status,
      hasSchema,
    };
  }

  /** Forget what only moments before `row` need, and the visits that were over by then. */
  letGoBefore(row: number): void {
    const nearest = this.#nearestCopy(this.#factsBy(row));
    this.#copies.letGoBefore(nearest);
    const { facts } = this.#copies.at(nearest) as Copy;
    this.#facts.letGoBefore(facts);
    this.#rows.letGoBefore(facts);
    this.#guard.letGoBefore(this.#firstVisit());
  }

  /** The first visit that a fact which is held began; beyond all when none did. */
  #firstVisit(): number {
    for (let index = this.#facts.first; index < this.#facts.length; index += 1) {
      const fact = this.#facts.at(index);
      if (fact?.kind === "visit") return fact.visit;
    }
    return Number.POSITIVE_INFINITY;
  }

  #stateAt(rows: number): GraphState {
    const facts = this.#factsBy(rows);
    if (facts === this.#facts.length) return this.#live;
    const nearest = this.#copies.at(this.#nearestCopy(facts)) as Copy;
    const state = nearest.state.copy();
    for (let index = nearest.facts; index < facts; index += 1)
      state.apply(this.#facts.at(index) as GraphFact);
    return state;
  }

  #factsBy(rows: number): number {
    return this.#rows.indexBelow(rows, (row) => row);
  }

  #nearestCopy(facts: number): number {
    return this.#copies.indexBelow(facts + 1, (copy) => copy.facts) - 1;
  }

  #event(row: number, item: Item, event: EventItem, node: string, timestampUs: number): void {
    const { nodeExecutionId: execution, attempt } = item.header;
    const end = (how: Partial<Extract<GraphFact, { kind: "end" }>>) => {
      const durationUs = Number(event.durationUs);
      const usual = { outcome: "done", durationUs, cached: false, error: null, willRetry: false } as const;
      const facts = this.#guard.end(node, execution, attempt, timestampUs, { ...usual, ...how });
      for (const fact of facts) this.#note(row, fact);
    };
    switch (event.eventType) {
      case EventType.NODE_START:
        for (const fact of this.#guard.start(node, execution, attempt, timestampUs)) this.#note(row, fact);
        return;
      case EventType.NODE_END:
        return end({ cached: flagAttribute(event, "cached") });
      case EventType.NODE_ERROR:
        return end({
          outcome: "error",
          error: errorText(event),
          willRetry: flagAttribute(event, "will_retry"),
        });
      case EventType.LLM_START:
        return this.#note(row, { kind: "call", node, call: "llm" });
      case EventType.HUMAN_INTERRUPT:
        this.#interrupted.add(node);
        if (execution !== "") end({ outcome: "interrupted" });
        else if (textAttribute(event, "interrupt.when") === "before")
          this.#note(row, { kind: "waiting", node });
    }
  }

  #edge(row: number, event: EventItem): void {
    const { routing } = event;
    if (routing === undefined || routing.source === "" || routing.target === "") return;
    const way = edgeKind(routing.kind);
    const edge = this.topology.seeEdge(routing.source, routing.target, way === "conditional");
    this.#note(row, { kind: "edge", edge, target: routing.target, width: Math.max(1, routing.count), way });
  }

  #note(row: number, fact: GraphFact): void {
    this.#facts.push(fact);
    this.#rows.push(row);
    this.#live.apply(fact);
    const since = this.#facts.length - (this.#copies.last as Copy).facts;
    if (since >= Math.max(FACTS_BETWEEN_COPIES, 2 * this.#live.size)) {
      this.#copies.push({ facts: this.#facts.length, state: this.#live.copy() });
    }
  }
}

function errorText(event: EventItem): string | null {
  const type = textAttribute(event, "error.type");
  const message = textAttribute(event, "error.message");
  return [type, message].filter(Boolean).join(": ") || null;
}

function nodeView(node: TopologyNode, state: GraphState): GraphNode {
  const condition = state.nodes.get(node.id) ?? UNTOUCHED;
  const { executions, retries, attempt, done, errors, cached, durationUs, lastStartUs, lastError } =
    condition;
  return {
    id: node.id,
    name: node.name,
    kind: node.kind,
    parent: node.parent,
    status: statusOf(node, condition, state),
    executions,
    retries,
    attempt,
    active: condition.running + condition.retrying,
    done,
    errors,
    cached,
    durationUs,
    lastStartUs,
    lastError,
    declared: node.declared,
    observed: executions > 0 || condition.pending.length > 0 || condition.ledBy.length > 0,
    llmCalls: condition.llmCalls,
    toolCalls: condition.toolCalls,
    metadata: node.metadata,
  };
}

/** Start and end are never visited: a start is done once the run has begun, an end once it was reached. */
function statusOf(node: TopologyNode, condition: NodeCondition, state: GraphState): NodeStatus {
  if (node.kind === "start" && condition.executions === 0) {
    const enclosing = node.parent === null ? undefined : (state.nodes.get(node.parent) ?? UNTOUCHED);
    const hasBegun = enclosing === undefined ? state.status !== "unknown" : enclosing.executions > 0;
    return hasBegun ? "done" : "idle";
  }
  if (node.kind === "end" && condition.executions === 0)
    return condition.pending.length > 0 ? "done" : "idle";
  return nodeStatus(condition);
}

function edgeView(edge: TopologyEdge, topology: GraphTopology, state: GraphState): GraphEdge {
  const condition = state.edges.get(edge.id);
  const target = state.nodes.get(edge.target) ?? UNTOUCHED;
  const isEnd = topology.nodes.get(edge.target)?.kind === "end";
  const declaredKind = edge.conditional ? "conditional" : edge.declared ? "static" : "unknown";
  const seen = condition === undefined || condition.way === "unknown" ? declaredKind : condition.way;
  return {
    id: edge.id,
    source: edge.source,
    target: edge.target,
    kind: seen,
    conditional: edge.conditional,
    label: edge.label,
    declared: edge.declared,
    taken: condition !== undefined,
    count: condition?.count ?? 0,
    width: condition?.width ?? 0,
    lastTaken: (isEnd ? target.pending : target.ledBy).includes(edge.id),
  };
}
