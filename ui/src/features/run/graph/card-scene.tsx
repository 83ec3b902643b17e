/** The nodes and edges of a graph of usual size: elements of the document that the camera moves as one layer. */

import { useStore, useStoreApi, ViewportPortal } from "@xyflow/react";
import { type CSSProperties, memo, startTransition, useDeferredValue, useEffect, useState } from "react";
import type { Box } from "../../../stores/layout";
import { type Detail, detailAt } from "./detail";
import { boundsOf, unionOf } from "./geometry";
import { ArrowHeads, EdgeLabels, EdgeLines } from "./graph-edge";
import { GraphNodeView } from "./graph-node";
import type { Scene } from "./scene";
import { partFor } from "./sight";

interface CardSceneProps {
  scene: Scene;
  moving: boolean;
  /** Another look is drawn afresh, at the scale that it is seen at. */
  onOtherLook: () => void;
}

export function CardScene({ scene, moving, onOtherLook }: CardSceneProps) {
  const detail = useDeferredValue(useDetail(moving));
  const part = usePart();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the level's change is the point
  useEffect(onOtherLook, [detail.level]);
  return (
    <>
      <ArrowHeads scale={detail.scale} />
      <ViewportPortal>
        <div
          className={`graph-cards graph-cards--${detail.level}`}
          style={{ "--graph-scale": detail.scale, "--graph-speck": `${detail.outline}px` } as CSSProperties}
        >
          {part && scene.layout && (
            <div
              className="graph-ground"
              style={groundStyle(unionOf([part, boundsOf(scene.layout)]), detail.scale)}
            />
          )}
          <Cards {...scene} level={detail.level} />
        </div>
      </ViewportPortal>
    </>
  );
}

interface CardsProps extends Pick<Scene, "nodes" | "edges"> {
  level: Detail["level"];
}

const Cards = memo(function Cards({ nodes, edges, level }: CardsProps) {
  return (
    <>
      <EdgeLines edges={edges} level={level} />
      {nodes.map((item) => (
        <GraphNodeView key={item.id} item={item} level={level} />
      ))}
      {level !== "specks" && <EdgeLabels edges={edges} />}
    </>
  );
});

/** Letters keep their size on the graph while it moves, and are fitted to the zoom when it rests. */
function useDetail(moving: boolean): Detail {
  const now = useStore((state) => detailAt(state.transform[2]));
  const [shown, setShown] = useState(now);
  if (now !== shown && (!moving || now.level !== shown.level)) setShown(now);
  return shown;
}

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
