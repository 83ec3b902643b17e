/**
 * Graphs in elk's terms: what goes to its worker, and what its answer means.
 *
 * A style says which way the outermost graph and the subgraphs run, and whether lines of nodes wrap as text does.
 * Subgraphs whose edges all stay inside are laid out on their own, so that they can run another way than what is
 * around them.
 */

import type { ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api.js";
import { groupBy } from "../model/group-by";
import type { Box, GraphLayout, LayoutEdge, LayoutInput, LayoutNode, Point, Route } from "../stores/layout";

type Options = Readonly<Record<string, string>>;

/** How one choice runs. */
export interface Style {
  readonly outer: Options;
  /** For subgraphs that are laid out on their own; null where edges cross their frames. */
  readonly inner: Options | null;
}

const OPTIONS: Options = {
  "elk.algorithm": "layered",
  "elk.json.edgeCoords": "ROOT",
  "elk.json.shapeCoords": "ROOT",
  "elk.spacing.nodeNode": "32",
  "elk.spacing.edgeNode": "20",
  "elk.spacing.edgeEdge": "20",
  "elk.spacing.edgeLabel": "4",
  "elk.spacing.nodeSelfLoop": "18",
  "elk.layered.spacing.nodeNodeBetweenLayers": "40",
  "elk.layered.spacing.edgeNodeBetweenLayers": "20",
  // A loop goes back from where it ends, as the program is read, instead of turning a node upside down.
  "elk.layered.cycleBreaking.strategy": "DEPTH_FIRST",
  "elk.layered.feedbackEdges": "true",
};
const CAREFUL: Options = {
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
};
/** For many nodes: about 1 s for 1,000, where the careful options take up to 50 s. */
const FAST: Options = {
  "elk.edgeRouting": "POLYLINE",
  "elk.layered.layering.strategy": "LONGEST_PATH_SOURCE",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.thoroughness": "1",
};
const MANY_NODES = 120;
const TOGETHER: Options = { "elk.hierarchyHandling": "INCLUDE_CHILDREN" };
const DOWN: Options = { "elk.direction": "DOWN" };
/** What is counted stands above a line, so lines are longer this way. */
const RIGHT: Options = { "elk.direction": "RIGHT", "elk.layered.spacing.nodeNodeBetweenLayers": "56" };
const LAYER = "elk.layered.layering.layerConstraint";
const LABEL_HEIGHT = 20;
/** Leaves room for a container's title, also where it is written larger. */
const CONTAINER_PADDING = "[top=54,left=20,bottom=20,right=20]";

/** Lines of nodes that wrap where one edge leads on, to about the shape of most panes. */
const LINES: Options = {
  ...RIGHT,
  "elk.aspectRatio": "1.8",
  "elk.layered.wrapping.strategy": "SINGLE_EDGE",
  "elk.layered.wrapping.additionalEdgeSpacing": "16",
};

/** The styles worth trying, the plainest first. */
export function stylesFor({ nodes, edges }: LayoutInput): readonly Style[] {
  const down: Style = { outer: { ...DOWN, ...TOGETHER }, inner: null };
  if (nodes.length > MANY_NODES) return [down];
  const right: Style = { outer: { ...RIGHT, ...TOGETHER }, inner: null };
  const parentOf = new Map(nodes.map(({ id, parent }) => [id, parent]));
  const nested = nodes.some(({ parent }) => parent !== null);
  const crossing = edges.some(({ source, target }) => parentOf.get(source) !== parentOf.get(target));
  if (crossing) return [down, right, { outer: { ...LINES, ...TOGETHER }, inner: null }];
  const mixed = [
    { outer: RIGHT, inner: DOWN },
    { outer: DOWN, inner: RIGHT },
  ];
  return [down, right, ...(nested ? mixed : []), { outer: LINES, inner: LINES }];
}

/** The graph as elk reads it: children nested, each edge in the innermost node around both of its ends. */
export function elkGraph({ nodes, edges }: LayoutInput, { outer, inner }: Style): ElkNode {
  const quality = nodes.length > MANY_NODES ? FAST : CAREFUL;
  const parentOf = new Map(nodes.map(({ id, parent }) => [id, parent]));
  const childrenOf = groupBy(nodes, ({ parent }) => parent);
  const edgesIn = groupBy(edges, (edge) => homeOf(edge, parentOf));
  const content = (parent: string | null) => ({
    children: (childrenOf.get(parent) ?? []).map(elkNode),
    edges: (edgesIn.get(parent) ?? []).map(elkEdge),
  });
  const elkNode = ({ id, width, height, place }: LayoutNode): ElkNode => {
    if (!childrenOf.has(id)) {
      return { id, width, height, ...(place ? { layoutOptions: { [LAYER]: place.toUpperCase() } } : {}) };
    }
    const room = {
      "elk.padding": CONTAINER_PADDING,
      "elk.nodeSize.constraints": "MINIMUM_SIZE",
      "elk.nodeSize.minimum": `(${width},${height})`,
    };
    const own = inner ? { ...OPTIONS, ...quality, ...inner } : {};
    return { id, layoutOptions: { ...own, ...room }, ...content(id) };
  };
  return { id: "", layoutOptions: { ...OPTIONS, ...quality, ...outer }, ...content(null) };
}

/** The innermost node that holds both ends; null for the whole graph. */
function homeOf({ source, target }: LayoutEdge, parentOf: ReadonlyMap<string, string | null>): string | null {
  const around = new Set<string | null>();
  for (let at = parentOf.get(source) ?? null; at !== null; at = parentOf.get(at) ?? null) around.add(at);
  let home = parentOf.get(target) ?? null;
  while (home !== null && !around.has(home)) home = parentOf.get(home) ?? null;
  return home;
}

const elkEdge = ({ id, source, target, labelWidth }: LayoutEdge): ElkExtendedEdge => ({
  id,
  sources: [source],
  targets: [target],
  ...(labelWidth > 0 ? { labels: [{ text: id, width: labelWidth, height: LABEL_HEIGHT }] } : {}),
});

/** What elk's answer says. */
export function layoutOf(root: ElkNode): GraphLayout {
  const boxes = new Map<string, Box>();
  const routes = new Map<string, Route>();
  const collect = (node: ElkNode): void => {
    for (const { id, x = 0, y = 0, width = 0, height = 0 } of node.children ?? []) {
      boxes.set(id, { x, y, width, height });
    }
    for (const edge of node.edges ?? []) {
      const points = pointsOf(edge);
      if (points.length > 1) routes.set(edge.id, { points, label: labelOf(edge) });
    }
    for (const child of node.children ?? []) collect(child);
  };
  collect(root);
  return { boxes, routes };
}

function pointsOf(edge: ElkExtendedEdge): Point[] {
  const section = edge.sections?.[0];
  return section ? [section.startPoint, ...(section.bendPoints ?? []), section.endPoint] : [];
}

function labelOf(edge: ElkExtendedEdge): Point | null {
  const label = edge.labels?.[0];
  if (label?.x === undefined || label.y === undefined) return null;
  return { x: label.x + (label.width ?? 0) / 2, y: label.y + (label.height ?? 0) / 2 };
}
