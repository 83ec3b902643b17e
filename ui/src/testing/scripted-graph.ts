/** The graph of the scripted run at a step, for the fake engine. */

import type { GraphEdge, GraphNode, GraphView, NodeKind, NodeStatus } from "../model/views";
import type { ScriptedRun } from "./scripted-run";

const NODES: readonly (readonly [id: string, kind: NodeKind])[] = [
  ["__start__", "start"],
  ["research", "node"],
  ["write", "node"],
  ["judge", "node"],
  ["approve", "node"],
  ["__end__", "end"],
];

const EDGES: readonly (readonly [source: string, target: string, kind: GraphEdge["kind"], label: string])[] =
  [
    ["__start__", "research", "send", ""],
    ["research", "write", "join", ""],
    ["write", "judge", "static", ""],
    ["judge", "write", "conditional", "again"],
    ["judge", "approve", "conditional", "approve"],
    ["judge", "__end__", "conditional", "good"],
    ["approve", "__end__", "static", ""],
  ];

/** The graph after `step`; the node of the next step is running unless the run has ended. */
export function scriptedGraph(run: ScriptedRun, step: number, ended: boolean): GraphView {
  const last = run.steps.length - 1;
  const running = step < last || !ended ? (run.steps[step + 1]?.nodes[0] ?? null) : null;
  const visits = (id: string): number =>
    run.spans.filter((span) => span.kind === "node" && span.name === id && (span.step ?? 0) <= step).length;
  return {
    graphId: "9f86d081884c7d65",
    name: "report_writer",
    topology: "scripted",
    nodes: NODES.map(([id, kind]) => nodeOf(run, id, kind, visits(id), running === id ? "running" : null)),
    edges: EDGES.map(([source, target, kind, label]) => edgeOf(source, target, kind, label, visits)),
    status: ended ? "ok" : "running",
    hasSchema: true,
  };
}

function nodeOf(
  run: ScriptedRun,
  id: string,
  kind: NodeKind,
  visits: number,
  forced: NodeStatus | null,
): GraphNode {
  const spans = run.spans.filter((span) => span.kind === "node" && span.name === id).slice(0, visits);
  const active = forced === "running" ? 1 : 0;
  return {
    id,
    name: id,
    kind,
    parent: null,
    status: forced ?? (visits > 0 || kind === "start" ? "done" : "idle"),
    executions: visits + active,
    retries: 0,
    attempt: 1,
    active,
    done: visits,
    errors: 0,
    cached: 0,
    durationUs: spans.reduce((sum, span) => sum + ((span.endUs ?? span.startUs) - span.startUs), 0),
    lastStartUs: spans.at(-1)?.startUs ?? null,
    lastError: null,
    declared: true,
    observed: visits + active > 0,
    llmCalls: id === "write" ? visits : 0,
    toolCalls: id === "research" ? visits : 0,
    metadata: {},
  };
}

function edgeOf(
  source: string,
  target: string,
  kind: GraphEdge["kind"],
  label: string,
  visits: (id: string) => number,
): GraphEdge {
  const taken = target !== "approve" && source !== "approve" && visits(target) > 0;
  const count = taken ? (source === "judge" ? visits(target) - 1 : visits(target)) : 0;
  return {
    id: `${source}->${target}`,
    source,
    target,
    kind,
    conditional: kind === "conditional",
    label,
    declared: true,
    taken: count > 0,
    count,
    width: kind === "send" && taken ? 3 : 1,
    lastTaken: count > 0,
  };
}
