/**
 * A graph view as what the canvas draws: boxes and lines at their places.
 *
 * What did not change keeps its identity from one view to the next, so that the canvas draws again only what did.
 */

import { groupBy } from "../../../model/group-by";
import type { GraphEdge, GraphNode, GraphView } from "../../../stores/engine";
import type { Box, GraphLayout } from "../../../stores/layout";
import { unionOf } from "./geometry";
import { withClearLabel } from "./label-side";
import { isUndeclared } from "./node-status";
import { type Line, lineBetween, lineOf } from "./paths";

export interface SceneNode {
  readonly id: string;
  readonly node: GraphNode;
  readonly box: Box;
  /** Other nodes lie in it. */
  readonly container: boolean;
  readonly undeclared: boolean;
  readonly dimmed: boolean;
  readonly selected: boolean;
}

export interface SceneEdge {
  readonly id: string;
  readonly edge: GraphEdge;
  readonly line: Line;
  /** What it spans. */
  readonly box: Box;
  readonly moving: boolean;
}

export interface Scene {
  /** A container comes before what lies in it. */
  readonly nodes: readonly SceneNode[];
  /** What matters more comes later, and is drawn above the rest. */
  readonly edges: readonly SceneEdge[];
  readonly layout: GraphLayout | null;
}

export interface Emphasis {
  readonly selected: string | null;
  /** Nodes that a search found; null without a search. */
  readonly found: ReadonlySet<string> | null;
}

export const NO_SCENE: Scene = { nodes: [], edges: [], layout: null };

export function sceneOf(view: GraphView, layout: GraphLayout, emphasis: Emphasis, before: Scene): Scene {
  const old = before.layout === layout ? before : NO_SCENE;
  return { nodes: nodesOf(view, layout, emphasis, old), edges: edgesOf(view, layout, old), layout };
}

function nodesOf(view: GraphView, layout: GraphLayout, emphasis: Emphasis, before: Scene): SceneNode[] {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const parents = new Set(view.nodes.map(({ parent }) => parent));
  return outermostFirst(view.nodes).flatMap((node) => {
    const box = layout.boxes.get(node.id);
    if (!box) return [];
    const known = old.get(node.id);
    const next = {
      id: node.id,
      node: known && sameFields(known.node, node) ? known.node : node,
      box,
      container: parents.has(node.id),
      undeclared: isUndeclared(node, view.hasSchema),
      dimmed: emphasis.found !== null && !emphasis.found.has(node.id),
      selected: emphasis.selected === node.id,
    };
    return [known && sameFields(known, next) ? known : next];
  });
}

function edgesOf(view: GraphView, layout: GraphLayout, before: Scene): SceneEdge[] {
  const old = new Map(before.edges.map((edge) => [edge.id, edge]));
  const active = new Set(view.nodes.filter(({ status }) => status === "running").map(({ id }) => id));
  const edges = view.edges.flatMap((edge): SceneEdge[] => {
    const [source, target] = [layout.boxes.get(edge.source), layout.boxes.get(edge.target)];
    if (!source || !target) return [];
    const known = old.get(edge.id);
    const moving = edge.lastTaken && active.has(edge.target);
    if (known && known.moving === moving && sameFields(known.edge, edge)) return [known];
    const route = layout.routes.get(edge.id);
    const line =
      known?.line ?? (route ? withClearLabel(lineOf(route), edge.id, layout) : lineBetween(source, target));
    return [{ id: edge.id, edge, moving, line, box: unionOf([source, target, ...line.corners]) }];
  });
  return edges.toSorted((a, b) => rank(a) - rank(b));
}

const rank = ({ edge }: SceneEdge): number => (edge.lastTaken ? 2 : edge.taken ? 1 : 0);

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
