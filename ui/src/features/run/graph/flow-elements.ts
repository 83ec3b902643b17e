/**
 * A graph view as the canvas' nodes and edges.
 *
 * What did not change keeps its identity from one view to the next, so that the canvas draws again only what did.
 */

import { type Edge, type Node, Position } from "@xyflow/react";
import { groupBy } from "../../../model/group-by";
import type { GraphEdge, GraphNode, GraphView } from "../../../stores/engine";
import type { Box, GraphLayout, Route } from "../../../stores/layout";
import { isUndeclared } from "./node-status";

export type GraphFlowNode = Node<
  {
    node: GraphNode;
    /** Other nodes lie in it. */
    container: boolean;
    undeclared: boolean;
    dimmed: boolean;
    selected: boolean;
  },
  "graph"
>;

export type GraphFlowEdge = Edge<{ edge: GraphEdge; route: Route | null; moving: boolean }, "graph">;

export interface FlowElements {
  readonly nodes: GraphFlowNode[];
  readonly edges: GraphFlowEdge[];
}

export interface Emphasis {
  readonly selected: string | null;
  /** Nodes that a search found; null without a search. */
  readonly found: ReadonlySet<string> | null;
}

export const NO_ELEMENTS: FlowElements = { nodes: [], edges: [] };

export function flowElements(
  view: GraphView,
  layout: GraphLayout,
  emphasis: Emphasis,
  before: FlowElements,
): FlowElements {
  const oldNodes = new Map(before.nodes.map((node) => [node.id, node]));
  const oldEdges = new Map(before.edges.map((edge) => [edge.id, edge]));
  const parents = new Set(view.nodes.map(({ parent }) => parent));
  const nodes = outermostFirst(view.nodes).flatMap((node) => {
    const box = layout.boxes.get(node.id);
    if (!box) return [];
    const data = {
      node,
      container: parents.has(node.id),
      undeclared: isUndeclared(node, view.hasSchema),
      dimmed: emphasis.found !== null && !emphasis.found.has(node.id),
      selected: emphasis.selected === node.id,
    };
    return [keepNode(oldNodes.get(node.id), data, box, layout.boxes)];
  });
  const active = new Set(view.nodes.filter(({ status }) => status === "running").map(({ id }) => id));
  const edges = view.edges.flatMap((edge) => {
    if (!layout.boxes.has(edge.source) || !layout.boxes.has(edge.target)) return [];
    const moving = edge.lastTaken && active.has(edge.target);
    return [keepEdge(oldEdges.get(edge.id), { edge, route: layout.routes.get(edge.id) ?? null, moving })];
  });
  return { nodes, edges };
}

/** The canvas wants a parent before what lies in it. */
function outermostFirst(nodes: readonly GraphNode[]): GraphNode[] {
  const byParent = groupBy(nodes, ({ parent }) => parent);
  const known = new Set(nodes.map(({ id }) => id));
  const ordered: GraphNode[] = [];
  const add = (node: GraphNode): void => {
    ordered.push(node);
    for (const child of byParent.get(node.id) ?? []) add(child);
  };
  for (const node of nodes) if (node.parent === null || !known.has(node.parent)) add(node);
  return ordered;
}

function keepNode(
  old: GraphFlowNode | undefined,
  data: GraphFlowNode["data"],
  box: Box,
  boxes: ReadonlyMap<string, Box>,
): GraphFlowNode {
  const same = old && sameFields(old.data.node, data.node) ? { ...data, node: old.data.node } : data;
  const { width, height } = box;
  const { parent, id } = data.node;
  const outer = parent === null ? undefined : boxes.get(parent);
  const [x, y] = [box.x - (outer?.x ?? 0), box.y - (outer?.y ?? 0)];
  if (
    old &&
    sameFields(old.data, same) &&
    sameFields(old.position, { x, y }) &&
    old.width === width &&
    old.height === height
  ) {
    return old;
  }
  return {
    id,
    type: "graph",
    position: { x, y },
    width,
    height,
    measured: { width, height },
    // Where lines end before the canvas has measured it.
    handles: [
      { type: "target", position: Position.Top, x: width / 2, y: 0, width: 1, height: 1 },
      { type: "source", position: Position.Bottom, x: width / 2, y: height, width: 1, height: 1 },
    ],
    data: same,
    ...(parent !== null && outer ? { parentId: parent } : {}),
  };
}

function keepEdge(old: GraphFlowEdge | undefined, data: NonNullable<GraphFlowEdge["data"]>): GraphFlowEdge {
  if (
    old?.data &&
    sameFields(old.data.edge, data.edge) &&
    old.data.route === data.route &&
    old.data.moving === data.moving
  ) {
    return old;
  }
  const { id, source, target, lastTaken, taken } = data.edge;
  return { id, source, target, type: "graph", data, zIndex: lastTaken ? 2 : taken ? 1 : 0 };
}

function sameFields(left: object, right: object): boolean {
  const names = Object.keys(right) as (keyof typeof right)[];
  return (
    names.length === Object.keys(left).length && names.every((name) => sameField(left[name], right[name]))
  );
}

/** Metadata is the only nested field; it has few entries. */
function sameField(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  const entries = Object.entries(right);
  return (
    entries.length === Object.keys(left).length &&
    entries.every(([name, value]) => (left as Record<string, unknown>)[name] === value)
  );
}
