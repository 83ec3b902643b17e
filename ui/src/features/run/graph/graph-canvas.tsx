import {
  Background,
  type EdgeTypes,
  getViewportForBounds,
  MiniMap,
  type NodeTypes,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { GraphLayout } from "../../../stores/layout";
import { IconButton } from "../../../widgets/button";
import type { FlowElements, GraphFlowNode } from "./flow-elements";
import { boundsOf, centreOf } from "./geometry";
import { ArrowHeads, GraphEdgeView } from "./graph-edge";
import { GraphLegend } from "./graph-legend";
import { GraphNodeView, NodeActionsContext } from "./graph-node";
import "@xyflow/react/dist/base.css";
import "./graph-canvas.css";

const NODE_TYPES: NodeTypes = { graph: GraphNodeView };
const EDGE_TYPES: EdgeTypes = { graph: GraphEdgeView };
const MIN_ZOOM = 0.02;
const MAX_ZOOM = 2;
/** A small graph is not blown up to fill the pane. */
const FIT_ZOOM = 1.1;
const FIT_PADDING = 0.08;
/** Below this zoom texts cannot be read, so only shapes are drawn. */
const FAR_ZOOM = 0.45;
/** Below this zoom a node is a speck. */
const SPECK_ZOOM = 0.18;
/** From this many nodes on, those out of sight do not exist, and a map helps. */
const MANY_NODES = 80;

interface GraphCanvasProps {
  elements: FlowElements;
  layout: GraphLayout | null;
  topology: string | null;
  /** A node to bring into sight; a new object asks again. */
  wanted: { readonly id: string } | null;
  onExplain: (id: string) => void;
  onClear: () => void;
}

export function GraphCanvas(props: GraphCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({ elements, layout, topology, wanted, onExplain, onClear }: GraphCanvasProps) {
  const [fitted, setFitted] = useState(true);
  const distance = useStore((state) => distanceClass(state.transform[2]));
  const large = elements.nodes.length >= MANY_NODES;
  const showAll = useFit(layout, topology, fitted);
  const reveal = useReveal(layout, wanted, () => setFitted(false));
  const explain = useRef(onExplain);
  explain.current = onExplain;
  const actions = useMemo(
    () => ({ onExplain: (id: string) => explain.current(id), onReveal: reveal }),
    [reveal],
  );

  return (
    <NodeActionsContext value={actions}>
      <ArrowHeads />
      <ReactFlow
        className={`graph${distance}`}
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
        onMove={(event) => event && setFitted(false)}
        aria-label="Graph of the run"
      >
        <Background gap={20} size={1} />
        {large && (
          <MiniMap<GraphFlowNode>
            pannable
            zoomable
            nodeClassName={miniMapClass}
            ariaLabel="Map of the graph"
          />
        )}
      </ReactFlow>
      <Controls
        fitted={fitted}
        onFit={() => {
          setFitted(true);
          showAll();
        }}
        onUser={() => setFitted(false)}
      />
    </NodeActionsContext>
  );
}

function distanceClass(zoom: number): string {
  if (zoom < SPECK_ZOOM) return " graph--far graph--specks";
  return zoom < FAR_ZOOM ? " graph--far" : "";
}

const miniMapClass = ({ data }: GraphFlowNode): string =>
  `graph-map__node graph-map__node--${data.node.status}${data.container ? " graph-map__node--container" : ""}`;

/** Keeps the whole graph in sight while `fitted`: after a new layout and after the pane's size changed. */
function useFit(layout: GraphLayout | null, topology: string | null, fitted: boolean): () => void {
  const { setViewport } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const showAll = useCallback(() => {
    if (!layout || layout.boxes.size === 0 || width === 0 || height === 0) return;
    void setViewport(getViewportForBounds(boundsOf(layout), width, height, MIN_ZOOM, FIT_ZOOM, FIT_PADDING));
  }, [layout, width, height, setViewport]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the topology stands for the layout's content
  useEffect(() => {
    if (fitted) showAll();
  }, [showAll, fitted, topology]);
  return showAll;
}

/** Brings a node into sight: the wanted one, and whatever the returned function is called with. */
function useReveal(
  layout: GraphLayout | null,
  wanted: { readonly id: string } | null,
  onMoved: () => void,
): (id: string) => void {
  const { setCenter, getViewport } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const current = useRef({ layout, width, height, onMoved });
  current.current = { layout, width, height, onMoved };
  const reveal = useCallback(
    (id: string) => {
      const { layout, width, height, onMoved } = current.current;
      const box = layout?.boxes.get(id);
      if (!box) return;
      const centre = centreOf(box);
      const { x, y, zoom } = getViewport();
      const [left, top] = [centre.x * zoom + x, centre.y * zoom + y];
      if (zoom >= FAR_ZOOM && left > 0 && left < width && top > 0 && top < height) return;
      onMoved();
      void setCenter(centre.x, centre.y, { zoom: Math.max(zoom, 0.8) });
    },
    [getViewport, setCenter],
  );
  useEffect(() => {
    if (wanted) reveal(wanted.id);
  }, [wanted, reveal]);
  return reveal;
}

function Controls({ fitted, onFit, onUser }: { fitted: boolean; onFit: () => void; onUser: () => void }) {
  const { zoomIn, zoomOut } = useReactFlow();
  const zoom = (change: () => Promise<boolean>) => () => {
    onUser();
    void change();
  };
  return (
    <div className="graph-controls">
      <IconButton icon="plus" label="Zoom in" onClick={zoom(zoomIn)} />
      <IconButton icon="minus" label="Zoom out" onClick={zoom(zoomOut)} />
      <IconButton icon="fit" label="Fit the whole graph" pressed={fitted} onClick={onFit} />
      <GraphLegend />
    </div>
  );
}
