import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { count, plural } from "../../../model/display";
import type { GraphEdge } from "../../../stores/engine";
import type { Point, Route } from "../../../stores/layout";
import { Icon } from "../../../widgets/icon";
import type { GraphFlowEdge } from "./flow-elements";
import { roundedPath, type Spot, sideLoop, spotOn } from "./paths";
import "./graph-edge.css";

const CORNER = 8;

/** A line from node to node along its route; solid where it was taken, pale where it was not. */
export const GraphEdgeView = memo(function GraphEdgeView(props: EdgeProps<GraphFlowEdge>) {
  const { edge, route, moving } = props.data ?? {};
  if (!edge) return null;
  const { path, label } = route ? routed(route) : curved(props);
  const text = labelText(edge);
  return (
    <>
      <BaseEdge
        path={path}
        className={edgeClass(edge, moving ?? false)}
        interactionWidth={0}
        markerEnd={`url(#graph-arrow-${arrow(edge)})`}
      />
      {text.length > 0 && (
        <EdgeLabelRenderer>
          <div
            className={`graph-edge-label${edge.taken ? " graph-edge-label--taken" : ""}`}
            style={{ transform: placed(label) }}
            title={edgeTitle(edge)}
            data-testid="graph-edge-label"
          >
            {isFanOut(edge) && <Icon name="lanes" size={10} />}
            {text.map((part) => (
              <span key={part} className="truncate">
                {part}
              </span>
            ))}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});

interface Line {
  readonly path: string;
  /** A spot on the line, or the middle of the room that the layout has left for the label. */
  readonly label: Spot | Point;
}

/** Beside the line rather than on it, so that short lines stay visible. */
function placed(label: Spot | Point): string {
  const at = `translate(${label.x}px, ${label.y}px)`;
  if (!("upright" in label)) return `${at} translate(-50%, -50%)`;
  const gap = "calc(var(--graph-scale) * 3px)";
  return label.upright
    ? `${at} translate(${gap}, -50%)`
    : `${at} translate(-50%, calc(-100% - var(--graph-scale) * 2px))`;
}

function routed(route: Route): Line {
  return { path: roundedPath(route.points, CORNER), label: route.label ?? spotOn(route.points) };
}

/** Without a route: down in a curve, or back up around the side. */
function curved(props: EdgeProps<GraphFlowEdge>): Line {
  const { sourceX, sourceY, targetX, targetY } = props;
  if (targetY < sourceY) return sideLoop({ x: sourceX, y: sourceY }, { x: targetX, y: targetY });
  const [path, x, y] = getBezierPath(props);
  return { path, label: { x, y, upright: true } };
}

/** What stands on the line: its label, and how wide its widest `Send` was or how often it was taken. */
function labelText(edge: GraphEdge): string[] {
  return [edge.label, edge.kind === "join" ? "join" : "", timesText(edge)].filter((part) => part !== "");
}

const isFanOut = ({ kind, width }: GraphEdge): boolean => kind === "send" && width > 1;

function timesText(edge: GraphEdge): string {
  const times = isFanOut(edge) ? edge.width : edge.count;
  return times > 1 ? `×${count(times)}` : "";
}

const KIND_WORDS: Readonly<Record<GraphEdge["kind"], string>> = {
  static: "always follows",
  conditional: "conditional",
  send: "Send: one task per item",
  join: "waits for all of its sources",
  unknown: "kind unknown",
};

function edgeTitle(edge: GraphEdge): string {
  const taken = edge.taken ? `taken ${plural(edge.count, "time")}` : "not taken";
  const wide = isFanOut(edge) ? `, at most ${count(edge.width)} at once` : "";
  return `${edge.source} → ${edge.target}: ${KIND_WORDS[edge.kind]}, ${taken}${wide}`;
}

function edgeClass(edge: GraphEdge, moving: boolean): string {
  return [
    "graph-edge",
    edge.conditional || edge.kind === "conditional" ? "graph-edge--conditional" : "",
    edge.kind === "send" ? "graph-edge--send" : "",
    edge.taken ? "graph-edge--taken" : "",
    edge.lastTaken ? "graph-edge--last" : "",
    moving ? "graph-edge--moving" : "",
  ]
    .filter((name) => name !== "")
    .join(" ");
}

const arrow = (edge: GraphEdge): string => (edge.lastTaken ? "last" : edge.taken ? "taken" : "idle");

const ARROW = 11;

/** The arrow heads that every line of the canvas uses, enlarged as lines are. */
export function ArrowHeads({ scale }: { scale: number }) {
  return (
    <svg className="graph-arrows" aria-hidden="true">
      <defs>
        {["idle", "taken", "last"].map((name) => (
          <marker
            key={name}
            id={`graph-arrow-${name}`}
            className={`graph-arrow graph-arrow--${name}`}
            viewBox="0 0 10 10"
            refX={9}
            refY={5}
            markerWidth={ARROW * scale}
            markerHeight={ARROW * scale}
            markerUnits="userSpaceOnUse"
            orient="auto-start-reverse"
          >
            <path d="M1 1 9 5 1 9z" />
          </marker>
        ))}
      </defs>
    </svg>
  );
}
