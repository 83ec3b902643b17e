/**
 * Layered layout by elk in a worker of its own, with a deadline.
 *
 * The worker starts with the first graph. One that misses the deadline is ended, for it cannot be told to stop,
 * and the next graph gets a fresh one.
 */

import ELK, { type ELK as Elk, type ElkExtendedEdge, type ElkNode } from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import type { Box, GraphLayout, Layouter, LayoutInput, Point, Route } from "../stores/layout";

const DEADLINE_MS = 2000;
const LABEL_HEIGHT = 18;

const OPTIONS: Readonly<Record<string, string>> = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.json.edgeCoords": "ROOT",
  "elk.json.shapeCoords": "ROOT",
  "elk.spacing.nodeNode": "36",
  "elk.spacing.edgeNode": "20",
  "elk.spacing.edgeEdge": "14",
  "elk.spacing.edgeLabel": "4",
  "elk.spacing.nodeSelfLoop": "18",
  "elk.layered.spacing.nodeNodeBetweenLayers": "44",
  "elk.layered.spacing.edgeNodeBetweenLayers": "20",
  // A loop goes back up from where it ends, as the program is read, instead of turning a node upside down.
  "elk.layered.cycleBreaking.strategy": "DEPTH_FIRST",
};
const CAREFUL: Readonly<Record<string, string>> = {
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
};
/** For many nodes: about 1 s for 1,000, where the careful options take up to 50 s. */
const FAST: Readonly<Record<string, string>> = {
  "elk.edgeRouting": "POLYLINE",
  "elk.layered.layering.strategy": "LONGEST_PATH_SOURCE",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.thoroughness": "1",
};
const MANY_NODES = 120;
const LAYER = "elk.layered.layering.layerConstraint";
/** Leaves room for a container's title. */
const CONTAINER_PADDING = "[top=52,left=20,bottom=20,right=20]";

/** A layouter over elk. */
export function createElkLayouter(deadlineMs = DEADLINE_MS): Layouter {
  let elk: Elk | null = null;
  return {
    async layout(input) {
      elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) });
      const current = elk;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no layout within ${deadlineMs} ms`)), deadlineMs);
      });
      try {
        return layoutOf(await Promise.race([current.layout(elkGraph(input)), late]));
      } catch (error) {
        current.terminateWorker();
        if (elk === current) elk = null;
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** The graph as elk reads it: children nested, edges at the root. */
export function elkGraph({ nodes, edges }: LayoutInput): ElkNode {
  const parents = new Set(nodes.map(({ parent }) => parent));
  const childrenOf = (parent: string | null): ElkNode[] =>
    nodes
      .filter((node) => node.parent === parent)
      .map(({ id, width, height, place }) =>
        parents.has(id)
          ? { id, layoutOptions: { "elk.padding": CONTAINER_PADDING }, children: childrenOf(id) }
          : { id, width, height, ...(place ? { layoutOptions: { [LAYER]: place.toUpperCase() } } : {}) },
      );
  return {
    id: "",
    layoutOptions: { ...OPTIONS, ...(nodes.length > MANY_NODES ? FAST : CAREFUL) },
    children: childrenOf(null),
    edges: edges.map(({ id, source, target, labelWidth }) => ({
      id,
      sources: [source],
      targets: [target],
      ...(labelWidth > 0 ? { labels: [{ text: id, width: labelWidth, height: LABEL_HEIGHT }] } : {}),
    })),
  };
}

function layoutOf(root: ElkNode): GraphLayout {
  const boxes = new Map<string, Box>();
  const collect = (node: ElkNode): void => {
    for (const child of node.children ?? []) {
      const { id, x = 0, y = 0, width = 0, height = 0 } = child;
      boxes.set(id, { x, y, width, height });
      collect(child);
    }
  };
  collect(root);
  const routes = new Map<string, Route>();
  for (const edge of root.edges ?? []) {
    const points = pointsOf(edge);
    if (points.length > 1) routes.set(edge.id, { points, label: labelOf(edge) });
  }
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
