/**
 * A simple layered layout without any library: the fallback when the layouter is late, failed, or is not there.
 *
 * A node's layer is its distance from where the graph begins; cycles do not count twice. Containers are laid out
 * from the inside to the outside. Linear in nodes and edges. Lines are left to the canvas.
 */

import { groupBy } from "../../../model/group-by";
import type { Box, GraphLayout, LayoutEdge, LayoutInput, LayoutNode, Point } from "../../../stores/layout";

const GAP_X = 36;
const GAP_Y = 56;
const PADDING = 20;
const TITLE = 44;
/** A layer of more nodes than this goes over several lines, so that wide graphs stay visible. */
const PER_LINE = 12;

export function layeredLayout({ nodes, edges }: LayoutInput): GraphLayout {
  const boxes = new Map<string, Box>();
  const children = groupBy(nodes, ({ parent }) => parent);
  const parentOf = new Map(nodes.map(({ id, parent }) => [id, parent]));
  const edgesIn = groupBy(
    edges.flatMap((edge) => lift(edge, parentOf) ?? []),
    ({ parent }) => parent,
  );

  const place = (parent: string | null): { width: number; height: number } => {
    const here = (children.get(parent) ?? []).map((node) =>
      children.has(node.id) ? { ...node, ...place(node.id) } : node,
    );
    const inset = parent === null ? { x: 0, y: 0 } : { x: PADDING, y: TITLE };
    const size = placeLayers(layersOf(here, edgesIn.get(parent) ?? []), inset, boxes);
    return { width: size.width + 2 * PADDING, height: size.height + TITLE + PADDING };
  };
  place(null);
  const origin = (id: string | null): Point => {
    const box = id === null ? undefined : boxes.get(id);
    if (!box || id === null) return { x: 0, y: 0 };
    const outer = origin(parentOf.get(id) ?? null);
    return { x: outer.x + box.x, y: outer.y + box.y };
  };
  const absolute = nodes.flatMap(({ id }): [string, Box][] => {
    const box = boxes.get(id);
    return box ? [[id, { ...box, ...origin(id) }]] : [];
  });
  return { boxes: new Map(absolute), routes: new Map() };
}

interface Link {
  readonly parent: string | null;
  readonly source: string;
  readonly target: string;
}

/** The edge between those ancestors of its ends that lie in the same container; null when one holds the other. */
function lift(edge: LayoutEdge, parentOf: ReadonlyMap<string, string | null>): Link | null {
  const chain = (id: string): string[] => {
    const ids: string[] = [];
    for (let at: string | null = id; at !== null; at = parentOf.get(at) ?? null) ids.unshift(at);
    return ids;
  };
  const [sources, targets] = [chain(edge.source), chain(edge.target)];
  const split = sources.findIndex((id, depth) => id !== targets[depth]);
  const [source, target] = [sources[split], targets[split]];
  if (source === undefined || target === undefined) return null;
  return { parent: sources[split - 1] ?? null, source, target };
}

/** Nodes by distance from the roots, breadth first. Where all lies on cycles, the first node is the root. */
function layersOf(nodes: readonly LayoutNode[], links: readonly Link[]): LayoutNode[][] {
  const outgoing = groupBy(links, ({ source }) => source);
  const targets = new Set(
    links.filter(({ source, target }) => source !== target).map(({ target }) => target),
  );
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const layers: LayoutNode[][] = [];
  const seen = new Set<string>();
  const spread = (roots: readonly LayoutNode[]): void => {
    let layer = roots.filter(({ id }) => !seen.has(id));
    for (let depth = 0; layer.length > 0; depth++) {
      for (const { id } of layer) seen.add(id);
      layers[depth] = [...(layers[depth] ?? []), ...layer];
      const next = new Set(layer.flatMap(({ id }) => outgoing.get(id) ?? []).map(({ target }) => target));
      layer = [...next].flatMap((id) => (seen.has(id) ? [] : (byId.get(id) ?? [])));
    }
  };
  spread(nodes.filter(({ id }) => !targets.has(id)));
  for (const node of nodes) spread([node]);
  return endsLast(layers);
}

/** Where the graph ends is below all else, however short the way there may be. */
function endsLast(layers: readonly LayoutNode[][]): LayoutNode[][] {
  const ends = layers.flat().filter(({ place }) => place === "last");
  const others = layers.map((layer) => layer.filter(({ place }) => place !== "last"));
  return [...others, ends].filter((layer) => layer.length > 0);
}

function placeLayers(
  layers: readonly LayoutNode[][],
  inset: { readonly x: number; readonly y: number },
  boxes: Map<string, Box>,
): { width: number; height: number } {
  const lines = layers.flatMap((layer) =>
    Array.from({ length: Math.ceil(layer.length / PER_LINE) }, (_, line) =>
      layer.slice(line * PER_LINE, (line + 1) * PER_LINE),
    ),
  );
  const widthOf = (line: readonly LayoutNode[]): number =>
    line.reduce((sum, { width }) => sum + width, GAP_X * (line.length - 1));
  const width = lines.reduce((most, line) => Math.max(most, widthOf(line)), 0);
  let y = inset.y;
  for (const line of lines) {
    const height = line.reduce((most, node) => Math.max(most, node.height), 0);
    let x = inset.x + (width - widthOf(line)) / 2;
    for (const node of line) {
      boxes.set(node.id, { x, y: y + (height - node.height) / 2, width: node.width, height: node.height });
      x += node.width + GAP_X;
    }
    y += height + GAP_Y;
  }
  return { width, height: Math.max(0, y - inset.y - GAP_Y) };
}
