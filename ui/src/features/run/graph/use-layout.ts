/**
 * The layout of a graph view, computed again only when its topology changes.
 *
 * Until a newer layout is here the older one is shown; without a layouter, and when it is late or fails, the
 * simple layered layout answers at once.
 */

import { useContext, useEffect, useRef, useState } from "react";
import type { GraphEdge, GraphNode, GraphView } from "../../../stores/engine";
import { type GraphLayout, LayouterContext, type LayoutInput } from "../../../stores/layout";
import { layeredLayout } from "./layered-layout";

export const NODE_WIDTH = 200;
export const NODE_HEIGHT = 58;
const END_WIDTH = 76;
const END_HEIGHT = 28;
const LABEL_CHARACTER = 6.4;
const LABEL_PADDING = 14;
const LABEL_MOST = 160;
/** A count stands beside the text of a label. */
const COUNT_ROOM = 30;

export function layoutInput(view: GraphView): LayoutInput {
  const known = new Set(view.nodes.map(({ id }) => id));
  return {
    nodes: view.nodes.map((node) => ({
      id: node.id,
      parent: node.parent !== null && known.has(node.parent) ? node.parent : null,
      ...sizeOf(node),
      place: node.kind === "start" ? "first" : node.kind === "end" ? "last" : null,
    })),
    edges: view.edges
      .filter(({ source, target }) => known.has(source) && known.has(target))
      .map((edge) => ({
        id: edge.id,
        source: edge.source,
        target: edge.target,
        labelWidth: labelWidth(edge),
      })),
  };
}

function sizeOf({ kind }: GraphNode): { width: number; height: number } {
  return kind === "start" || kind === "end"
    ? { width: END_WIDTH, height: END_HEIGHT }
    : { width: NODE_WIDTH, height: NODE_HEIGHT };
}

/** A loop to the same node is too short to carry its count on the line. */
function labelWidth({ label, source, target }: GraphEdge): number {
  if (label === "") return source === target ? COUNT_ROOM : 0;
  return Math.min(LABEL_MOST, label.length * LABEL_CHARACTER + LABEL_PADDING) + COUNT_ROOM;
}

interface Known {
  readonly topology: string;
  readonly layout: GraphLayout;
}

export interface LayoutState {
  readonly layout: GraphLayout | null;
  /** Topology that `layout` is of. */
  readonly topology: string | null;
}

export function useLayout(view: GraphView | null): LayoutState {
  const layouter = useContext(LayouterContext);
  const [known, setKnown] = useState<Known | null>(null);
  const newest = useRef(view);
  newest.current = view;
  const topology = view?.topology;

  useEffect(() => {
    const current = newest.current;
    if (topology === undefined || !current) return;
    let wanted = true;
    const input = layoutInput(current);
    const publish = (layout: GraphLayout) => {
      if (wanted) setKnown({ topology, layout });
    };
    if (layouter && input.nodes.length > 0) {
      layouter.layout(input).then(publish, () => publish(layeredLayout(input)));
    } else publish(layeredLayout(input));
    return () => {
      wanted = false;
    };
  }, [topology, layouter]);

  return { layout: known?.layout ?? null, topology: known?.topology ?? null };
}
