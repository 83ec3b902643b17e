/** A map of a large graph: where work is, what the pane shows, and a way to go elsewhere. */

import { Panel, useReactFlow, useStoreApi } from "@xyflow/react";
import { memo, type PointerEvent, useEffect, useId, useMemo, useRef } from "react";
import type { Box, GraphLayout } from "../../../stores/layout";
import { centredOn } from "./camera";
import { boundsOf, centreOf } from "./geometry";
import type { SceneNode } from "./scene";
import { viewOf } from "./sight";

const WIDTH = 200;
const HEIGHT = 150;
/** Pixels of a node on the map at least, and around the graph. */
const SPECK = 2;
const EDGE = 6;
/** Octaves of zoom per pixel of the wheel, as on the canvas. */
const WHEEL = 0.002;

interface GraphMapProps {
  nodes: readonly SceneNode[];
  layout: GraphLayout;
  /** The user's hand is on the map. */
  onHand: () => void;
}

export function GraphMap({ nodes, layout, onHand }: GraphMapProps) {
  const title = useId();
  const svg = useRef<SVGSVGElement>(null);
  const mask = useRef<HTMLDivElement>(null);
  const store = useStoreApi();
  const { setViewport, getViewport } = useReactFlow();
  const frame = useMemo(() => frameOf(boundsOf(layout)), [layout]);

  // Every frame of a pan moves the mask, so it is moved without drawing the map again.
  useEffect(() => {
    const follow = () => {
      const { transform, width, height } = store.getState();
      const [x, y, zoom] = transform;
      const view = viewOf({ x, y, zoom }, { width, height });
      if (mask.current) Object.assign(mask.current.style, maskStyle(frame, view));
    };
    follow();
    return store.subscribe(follow);
  }, [store, frame]);

  useEffect(() => {
    const zoom = (event: WheelEvent) => {
      event.preventDefault();
      event.stopPropagation();
      onHand();
      const { width, height, minZoom, maxZoom } = store.getState();
      const now = getViewport();
      const next = Math.min(maxZoom, Math.max(minZoom, now.zoom * 2 ** (-event.deltaY * WHEEL)));
      const centre = centreOf(viewOf(now, { width, height }));
      void setViewport(centredOn(centre, next, { width, height }));
    };
    const element = svg.current;
    element?.addEventListener("wheel", zoom, { passive: false });
    return () => element?.removeEventListener("wheel", zoom);
  }, [store, getViewport, setViewport, onHand]);

  const go = (event: PointerEvent<SVGSVGElement>) => {
    if (event.buttons !== 1) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    onHand();
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const { box, unit } = frame;
    const centre = { x: box.x + (event.clientX - left) * unit, y: box.y + (event.clientY - top) * unit };
    const { width, height } = store.getState();
    void setViewport(centredOn(centre, getViewport().zoom, { width, height }));
  };

  const { x, y, width, height } = frame.box;
  return (
    <Panel position="bottom-right" className="graph-map">
      <svg
        ref={svg}
        width={WIDTH}
        height={HEIGHT}
        viewBox={`${x} ${y} ${width} ${height}`}
        role="img"
        aria-labelledby={title}
        onPointerDown={go}
        onPointerMove={go}
      >
        <title id={title}>Map of the graph</title>
        <Land nodes={nodes} stroke={SPECK * frame.unit} />
      </svg>
      <div className="graph-map__mask" ref={mask} />
    </Panel>
  );
}

interface Frame {
  readonly box: Box;
  /** Of the graph's pixels per pixel of the map. */
  readonly unit: number;
}

/** The graph's bounds in the middle of the map. */
function frameOf(bounds: Box): Frame {
  const unit = Math.max(bounds.width / (WIDTH - 2 * EDGE), bounds.height / (HEIGHT - 2 * EDGE));
  const [width, height] = [WIDTH * unit, HEIGHT * unit];
  const x = bounds.x - (width - bounds.width) / 2;
  const y = bounds.y - (height - bounds.height) / 2;
  return { box: { x, y, width, height }, unit };
}

/** What of the pane's view is on the map; around it the mask's shadow lies. */
function maskStyle({ box, unit }: Frame, view: Box): Partial<CSSStyleDeclaration> {
  const across = (x: number) => onMap((x - box.x) / unit, WIDTH);
  const down = (y: number) => onMap((y - box.y) / unit, HEIGHT);
  const [left, right] = [across(view.x), across(view.x + view.width)];
  const [top, bottom] = [down(view.y), down(view.y + view.height)];
  return { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` };
}

/** On the map or just beyond its border, so that the mask stays small. */
const onMap = (at: number, length: number): number => Math.min(length + EDGE, Math.max(-EDGE, at));

/** Nodes of one look are one shape, so that a thousand of them cost little. */
const Land = memo(function Land({ nodes, stroke }: { nodes: readonly SceneNode[]; stroke: number }) {
  const shapes = new Map<string, string>();
  for (const { node, box, container } of nodes) {
    const look = container ? "container" : node.status;
    const shape = `M${box.x} ${box.y}h${box.width}v${box.height}h${-box.width}z`;
    shapes.set(look, (shapes.get(look) ?? "") + shape);
  }
  return [...shapes]
    .toSorted(([a], [b]) => order(a) - order(b))
    .map(([look, d]) => (
      <path key={look} className={`graph-map__node graph-map__node--${look}`} strokeWidth={stroke} d={d} />
    ));
});

/** Containers lie below, and what has not run lies below what has. */
const order = (look: string): number => (look === "container" ? 0 : look === "idle" ? 1 : 2);
