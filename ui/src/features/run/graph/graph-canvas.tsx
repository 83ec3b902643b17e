/**
 * The canvas: React Flow is its camera alone, for pan, zoom, pinch and touch; what is drawn lies in its one layer that
 * the camera moves.
 */

import { ReactFlow, useStore, ViewportPortal } from "@xyflow/react";
import { type CSSProperties, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { type Detail, detailAt } from "./detail";
import { ArrowHeads } from "./graph-edge";
import { GraphMap } from "./graph-map";
import { NodeActionsContext } from "./graph-node";
import { GraphScene } from "./graph-scene";
import type { Scene } from "./scene";
import type { Camera } from "./use-camera";
import "@xyflow/react/dist/base.css";
import "./graph-canvas.css";

const MIN_ZOOM = 0.001;
const MAX_ZOOM = 2;
/** From this many nodes on, those out of sight do not exist, and a map helps. */
const MANY_NODES = 80;

interface GraphCanvasProps {
  scene: Scene;
  camera: Camera;
  onExplain: (id: string) => void;
  onClear: () => void;
}

export function GraphCanvas({ scene, camera, onExplain, onClear }: GraphCanvasProps) {
  const [moving, setMoving] = useState(false);
  const detail = useDeferredValue(useDetail(moving));
  // Another look is drawn afresh, at the scale that it is seen at.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the level's change is the point
  useEffect(() => setMoving(false), [detail.level]);
  const large = scene.nodes.length >= MANY_NODES;
  const explain = useRef(onExplain);
  explain.current = onExplain;
  const actions = useMemo(
    () => ({ onExplain: (id: string) => explain.current(id), onReveal: camera.reveal }),
    [camera.reveal],
  );

  return (
    <NodeActionsContext value={actions}>
      <ArrowHeads scale={detail.scale} />
      <ReactFlow
        className={`graph graph--${detail.level}${moving ? " graph--moving" : ""}`}
        style={{ "--graph-scale": detail.scale, "--graph-speck": `${detail.outline}px` } as CSSProperties}
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        zoomOnDoubleClick={false}
        onPaneClick={onClear}
        onMove={(event) => {
          camera.moved(event);
          setMoving(true);
        }}
        onMoveEnd={() => setMoving(false)}
        aria-label="Graph of the run"
      >
        <ViewportPortal>
          <GraphScene scene={scene} large={large} detail={detail} />
        </ViewportPortal>
        {large && scene.layout && (
          <GraphMap nodes={scene.nodes} layout={scene.layout} onHand={camera.takeOver} />
        )}
      </ReactFlow>
    </NodeActionsContext>
  );
}

/** Letters keep their size on the graph while it moves, and are fitted to the zoom when it rests. */
function useDetail(moving: boolean): Detail {
  const now = useStore((state) => detailAt(state.transform[2]));
  const [shown, setShown] = useState(now);
  if (now !== shown && (!moving || now.level !== shown.level)) setShown(now);
  return shown;
}
