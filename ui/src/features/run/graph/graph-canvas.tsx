import { Background, type EdgeTypes, MiniMap, type NodeTypes, ReactFlow, useStore } from "@xyflow/react";
import { type CSSProperties, useMemo, useRef } from "react";
import type { GraphLayout } from "../../../stores/layout";
import { detailAt } from "./detail";
import type { FlowElements, GraphFlowNode } from "./flow-elements";
import { boundsOf } from "./geometry";
import { ArrowHeads, GraphEdgeView } from "./graph-edge";
import { GraphNodeView, NodeActionsContext } from "./graph-node";
import type { Camera } from "./use-camera";
import "@xyflow/react/dist/base.css";
import "./graph-canvas.css";

const NODE_TYPES: NodeTypes = { graph: GraphNodeView };
const EDGE_TYPES: EdgeTypes = { graph: GraphEdgeView };
const MIN_ZOOM = 0.001;
const MAX_ZOOM = 2;
/** From this many nodes on, those out of sight do not exist, and a map helps. */
const MANY_NODES = 80;

/** Pixels of a node on the map at least, and of the map across. */
const SPECK = 2;
const MAP_WIDTH = 200;
const MAP_HEIGHT = 150;

interface GraphCanvasProps {
  elements: FlowElements;
  layout: GraphLayout | null;
  camera: Camera;
  onExplain: (id: string) => void;
  onClear: () => void;
}

export function GraphCanvas({ elements, layout, camera, onExplain, onClear }: GraphCanvasProps) {
  const detail = useStore((state) => detailAt(state.transform[2]));
  const large = elements.nodes.length >= MANY_NODES;
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
        className={`graph graph--${detail.level}`}
        style={{ "--graph-scale": detail.scale, "--graph-speck": `${detail.outline}px` } as CSSProperties}
        nodes={elements.nodes}
        edges={elements.edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        onlyRenderVisibleElements={large}
        zoomOnDoubleClick={false}
        onPaneClick={onClear}
        onMove={camera.moved}
        aria-label="Graph of the run"
      >
        <Background gap={20} size={1} />
        {large && (
          <MiniMap<GraphFlowNode>
            pannable
            zoomable
            onPointerDown={() => camera.setMode("free")}
            onWheel={() => camera.setMode("free")}
            nodeClassName={miniMapClass}
            nodeStrokeWidth={layout ? speckOf(layout) : 0}
            style={{ width: MAP_WIDTH, height: MAP_HEIGHT }}
            ariaLabel="Map of the graph"
          />
        )}
      </ReactFlow>
    </NodeActionsContext>
  );
}

/** How far outlines have to reach so that nodes of a vast graph can be seen on its map. */
function speckOf(layout: GraphLayout): number {
  const { width, height } = boundsOf(layout);
  return SPECK * Math.max(width / MAP_WIDTH, height / MAP_HEIGHT);
}

const miniMapClass = ({ data }: GraphFlowNode): string =>
  `graph-map__node graph-map__node--${data.node.status}${data.container ? " graph-map__node--container" : ""}`;
