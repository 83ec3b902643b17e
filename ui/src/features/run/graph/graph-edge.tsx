import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { count } from "../../../model/display";
import type { GraphEdge } from "../../../stores/engine";
import type { Point, Route } from "../../../stores/layout";
import type { GraphFlowEdge } from "./flow-elements";
import { middleOf, roundedPath, sideLoop } from "./paths";
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
            style={{ transform: `translate(-50%, -50%) translate(${label.x}px, ${label.y}px)` }}
            title={edgeTitle(edge)}
            data-testid="graph-edge-label"
          >
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
  readonly label: Point;
}

function routed(route: Route): Line {
  return { path: roundedPath(route.points, CORNER), label: route.label ?? middleOf(route.points) };
}

/** Without a route: down in a curve, or back up around the side. */
function curved(props: EdgeProps<GraphFlowEdge>): Line {
  const { sourceX, sourceY, targetX, targetY } = props;
  if (targetY < sourceY) return sideLoop({ x: sourceX, y: sourceY }, { x: targetX, y: targetY });
  const [path, x, y] = getBezierPath(props);
  return { path, label: { x, y } };
}

/** What stands on the line: its label, how often it was taken, how wide its widest `Send` was. */
function labelText(edge: GraphEdge): string[] {
  return [
    edge.label,
    edge.count > 1 ? `×${count(edge.count)}` : "",
    edge.kind === "send" && edge.width > 1 ? `${count(edge.width)} wide` : "",
    edge.kind === "join" ? "join" : "",
  ].filter((part) => part !== "");
}

const KIND_WORDS: Readonly<Record<GraphEdge["kind"], string>> = {
  static: "always follows",
  conditional: "conditional",
  send: "Send: one task per item",
  join: "waits for all of its sources",
  unknown: "kind unknown",
};

function edgeTitle(edge: GraphEdge): string {
  const taken = edge.taken ? `taken ${count(edge.count)} times` : "not taken";
  return `${edge.source} → ${edge.target}: ${KIND_WORDS[edge.kind]}, ${taken}`;
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

/** The arrow heads that every line of the canvas uses. */
export function ArrowHeads() {
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
            markerWidth={9}
            markerHeight={9}
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
