/** A graph view of many nodes, in columns. */

import type { GraphEdge, GraphNode, GraphView } from "../model/views";

const WIDTH = 25;

/** Columns of 25 nodes beside each other, none of which has run. */
export function largeGraph(count: number): GraphView {
  const ids = Array.from({ length: count }, (_, index) => index);
  return {
    graphId: "large",
    name: "large",
    topology: `large ${count}`,
    nodes: ids.map(nodeOf),
    edges: ids.slice(WIDTH).map((index) => edgeOf(index - WIDTH, index)),
    status: "running",
    hasSchema: true,
  };
}

function nodeOf(index: number): GraphNode {
  return {
    id: `n${index}`,
    name: `step_${index}`,
    kind: "node",
    parent: null,
    status: "idle",
    executions: 0,
    retries: 0,
    attempt: 0,
    active: 0,
    done: 0,
    errors: 0,
    cached: 0,
    durationUs: 0,
    lastStartUs: null,
    lastError: null,
    declared: true,
    observed: false,
    llmCalls: 0,
    toolCalls: 0,
    metadata: {},
  };
}

function edgeOf(source: number, target: number): GraphEdge {
  return {
    id: `n${source}->n${target}`,
    source: `n${source}`,
    target: `n${target}`,
    kind: "static",
    conditional: false,
    label: "",
    declared: true,
    taken: false,
    count: 0,
    width: 0,
    lastTaken: false,
  };
}
