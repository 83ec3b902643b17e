/**
 * The layout of a graph view: computed again only when its topology changes, chosen again when the pane's shape does.
 *
 * Until a newer layout is here the older one is shown. Without a layouter, and when it fails, the simple layered
 * layout answers at once; when it is late, until it answers.
 */

import { useContext, useEffect, useMemo, useRef, useState } from "react";
import type { GraphEdge, GraphNode, GraphView } from "../../../stores/engine";
import {
  type GraphLayout,
  type LayoutChoices,
  LayouterContext,
  type LayoutInput,
} from "../../../stores/layout";
import { chooseLayout, READABLE_ZOOM, type Size } from "./choose-layout";
import { layeredLayout } from "./layered-layout";
import { nameWidth, wordsOf } from "./names";

/** A canvas is not left empty for longer than this. */
const PATIENCE_MS = 300;

/** Cards are as wide as their names ask for, within reason, and have room for what is counted about them. */
const NODE_LEAST = 148;
const NODE_MOST = 248;
/** Icons, how often it ran, and padding beside a name. */
const NAME_PADDING = 72;
/** From afar a name takes two lines of larger letters, beside the icon, so that its longest word counts. */
const FAR_PADDING = 24;
const NODE_HEIGHT = 54;
const END_WIDTH = 60;
const END_HEIGHT = 30;
const LABEL_CHARACTER = 7;
const LABEL_PADDING = 14;
const LABEL_MOST = 170;
/** A count stands beside the text of a label. */
const COUNT_ROOM = 34;

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

function sizeOf({ kind, name }: GraphNode): Size {
  if (kind === "start" || kind === "end") return { width: END_WIDTH, height: END_HEIGHT };
  const near = nameWidth(name) + NAME_PADDING;
  const far = (Math.max(...wordsOf(name).map(nameWidth)) + FAR_PADDING) / READABLE_ZOOM;
  return { width: Math.round(Math.min(NODE_MOST, Math.max(NODE_LEAST, near, far))), height: NODE_HEIGHT };
}

/** A loop to the same node is too short to carry its count on the line. */
function labelWidth({ label, source, target }: GraphEdge): number {
  if (label === "") return source === target ? COUNT_ROOM : 0;
  return Math.min(LABEL_MOST, label.length * LABEL_CHARACTER + LABEL_PADDING) + COUNT_ROOM;
}

interface Known {
  readonly topology: string;
  readonly choices: LayoutChoices;
}

/** The layout for a pane of this size; null before the first. */
export function useLayout(view: GraphView, pane: Size): GraphLayout | null {
  return useLayoutOf(view.topology, () => layoutInput(view), pane);
}

/** The layout of any boxes and lines; `topology` names what they are. */
export function useLayoutOf(topology: string, inputOf: () => LayoutInput, pane: Size): GraphLayout | null {
  const layouter = useContext(LayouterContext);
  const [known, setKnown] = useState<Known | null>(null);
  const newest = useRef(inputOf);
  newest.current = inputOf;

  useEffect(() => {
    let wanted = true;
    const input = newest.current();
    const publish = (choices: LayoutChoices) => {
      if (wanted) setKnown({ topology, choices });
    };
    const simple = () => publish([layeredLayout(input)]);
    if (!layouter || input.nodes.length === 0) return simple();
    const late = setTimeout(simple, PATIENCE_MS);
    const settled = () => clearTimeout(late);
    layouter.layout(input).then(publish, simple).finally(settled);
    return () => {
      wanted = false;
      settled();
    };
  }, [topology, layouter]);

  const shown = useRef<GraphLayout | null>(null);
  return useMemo(() => {
    if (known) shown.current = chooseLayout(known.choices, pane, shown.current);
    return shown.current;
  }, [known, pane]);
}
