/**
 * The nodes and edges on the canvas. Of a large graph only the part around the view is drawn in full; panning and
 * zooming within it moves the canvas' one layer and draws nothing again.
 */

import { useStoreApi } from "@xyflow/react";
import { type CSSProperties, memo, startTransition, useEffect, useState } from "react";
import type { Box } from "../../../stores/layout";
import type { Detail } from "./detail";
import { boundsOf, unionOf } from "./geometry";
import { EdgeLabels, EdgeLines } from "./graph-edge";
import { GraphNodeView } from "./graph-node";
import type { Scene } from "./scene";
import { overlap, partFor } from "./sight";

/** More buttons than this slow the page down. */
const MOST_BOXES = 2_000;

interface GraphSceneProps {
  scene: Scene;
  /** So large that what is out of sight should not exist. */
  large: boolean;
  detail: Detail;
}

export const GraphScene = memo(function GraphScene({ scene, large, detail }: GraphSceneProps) {
  const part = usePart();
  return (
    <>
      {part && scene.layout && (
        <div
          className="graph-ground"
          style={groundStyle(unionOf([part, boundsOf(scene.layout)]), detail.scale)}
        />
      )}
      <Drawn {...scene} part={large ? part : null} level={detail.level} />
    </>
  );
});

interface DrawnProps extends Pick<Scene, "nodes" | "edges"> {
  part: Box | null;
  level: Detail["level"];
}

/** Nodes beyond the part are bare boxes, so that the keyboard and a far view reach them; of too many, not even that. */
const Drawn = memo(function Drawn({ nodes, edges, part, level }: DrawnProps) {
  const isNear = ({ box }: { box: Box }) => part === null || overlap(box, part);
  const shown = nodes.length > MOST_BOXES ? nodes.filter(isNear) : nodes;
  const lines = level === "specks" ? edges : edges.filter(isNear);
  return (
    <>
      <EdgeLines edges={lines} level={level} />
      {shown.map((item) => (
        <GraphNodeView key={item.id} item={item} level={isNear(item) ? level : "specks"} />
      ))}
      {level !== "specks" && <EdgeLabels edges={lines} />}
    </>
  );
});

/** The part of the graph around the view; null while the pane has no size. */
function usePart(): Box | null {
  const store = useStoreApi();
  const [part, setPart] = useState<Box | null>(null);
  useEffect(() => {
    let newest: Box | null = null;
    const follow = () => {
      const { transform, width, height } = store.getState();
      if (width * height === 0) return;
      const [x, y, zoom] = transform;
      const next = partFor(newest, { x, y, zoom }, { width, height });
      if (next === newest) return;
      newest = next;
      // What comes into sight is made between frames, not within one.
      startTransition(() => setPart(next));
    };
    follow();
    return store.subscribe(follow);
  }, [store]);
  return part;
}

const DOT_GAP = 20;

/** Dots have their places on the graph, and at every zoom about the same distance on screen. */
function groundStyle({ x, y, width, height }: Box, scale: number): CSSProperties {
  const gap = DOT_GAP * 2 ** Math.round(Math.log2(scale));
  return {
    left: x,
    top: y,
    width,
    height,
    backgroundSize: `${gap}px ${gap}px`,
    backgroundPosition: `${-x % gap}px ${-y % gap}px`,
    "--dot": `${gap / 24}px`,
  } as CSSProperties;
}
