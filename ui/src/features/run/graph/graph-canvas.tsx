/**
 * The canvas: React Flow is its camera alone, for pan, zoom, pinch and touch. What is drawn lies in its one layer that
 * the camera moves: cards of a usual graph, the picture of a large one.
 */

import { ReactFlow, useReactFlow } from "@xyflow/react";
import { type MouseEvent, useCallback, useMemo, useRef, useState } from "react";
import type { Point } from "../../../stores/layout";
import { CardScene } from "./card-scene";
import { GraphMap } from "./graph-map";
import { NodeActionsContext } from "./graph-node";
import { nodeAt } from "./node-at";
import { PictureScene } from "./picture-scene";
import type { Scene } from "./scene";
import type { Camera } from "./use-camera";
import "@xyflow/react/dist/base.css";
import "./graph-canvas.css";

const MIN_ZOOM = 0.001;
const MAX_ZOOM = 2;
/** From this many nodes on a map helps. */
const MANY_NODES = 80;
/** From this many nodes on a browser cannot move elements of the document in each frame. */
const LARGE = 150;
/** On screen: a node that is missed by so much is meant. */
const REACH = 4;

interface GraphCanvasProps {
  scene: Scene;
  camera: Camera;
  onExplain: (id: string) => void;
  onClear: () => void;
}

export function GraphCanvas({ scene, camera, onExplain, onClear }: GraphCanvasProps) {
  const [moving, setMoving] = useState(false);
  const { pointed, ...pointer } = usePointed(scene);
  const rest = useCallback(() => setMoving(false), []);
  const isLarge = scene.nodes.length >= LARGE;
  const explain = useRef(onExplain);
  explain.current = onExplain;
  const actions = useMemo(
    () => ({ onExplain: (id: string) => explain.current(id), onReveal: camera.reveal }),
    [camera.reveal],
  );
  const byPointer = {
    onPaneClick: (event: MouseEvent) => {
      const id = pointer.nodeUnder(event);
      if (id === null) onClear();
      else onExplain(id);
    },
    onPaneMouseMove: pointer.onMove,
    onPaneMouseLeave: pointer.onLeave,
  };

  return (
    <NodeActionsContext value={actions}>
      <ReactFlow
        className={`graph${moving ? " graph--moving" : ""}${isLarge && pointed !== null ? " graph--pointing" : ""}`}
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        zoomOnDoubleClick={false}
        onMove={(event) => {
          camera.moved(event);
          setMoving(true);
        }}
        onMoveEnd={() => {
          rest();
          pointer.onCameraRest();
        }}
        aria-label="Graph of the run"
        {...(isLarge ? byPointer : { onPaneClick: onClear })}
      >
        {isLarge ? (
          <PictureScene scene={scene} pointed={moving ? null : pointed} />
        ) : (
          <CardScene scene={scene} moving={moving} onOtherLook={rest} />
        )}
        {scene.nodes.length >= MANY_NODES && scene.layout && (
          <GraphMap nodes={scene.nodes} layout={scene.layout} onHand={camera.takeOver} />
        )}
      </ReactFlow>
    </NodeActionsContext>
  );
}

/** Which node the pointer is on, as pointer and camera move. */
function usePointed({ nodes }: Scene) {
  const { screenToFlowPosition, getZoom } = useReactFlow();
  const [pointed, setPointed] = useState<string | null>(null);
  const place = useRef<Point | null>(null);
  const nodeOn = (point: Point) => nodeAt(nodes, screenToFlowPosition(point), REACH / getZoom());
  const nodeUnder = (event: MouseEvent) => nodeOn(placeOf(event));
  return {
    pointed,
    nodeUnder,
    onMove(event: MouseEvent) {
      place.current = placeOf(event);
      setPointed(nodeUnder(event));
    },
    onLeave() {
      place.current = null;
      setPointed(null);
    },
    onCameraRest: () => setPointed(place.current && nodeOn(place.current)),
  };
}

/** In whole pixels, as a click has no others: what is marked is what a click means, however small it is. */
const placeOf = ({ clientX, clientY }: MouseEvent): Point => ({
  x: Math.floor(clientX),
  y: Math.floor(clientY),
});
