import { memo } from "react";
import { count, plural } from "../../../model/display";
import type { GraphEdge } from "../../../stores/engine";
import { Icon } from "../../../widgets/icon";
import type { Detail } from "./detail";
import { isFanOut, LOOKS, type Look, labelText, lookOf } from "./edge-words";
import type { Line } from "./paths";
import type { SceneEdge } from "./scene";
import "./graph-edge.css";

interface EdgesProps {
  edges: readonly SceneEdge[];
}

/** Lines from node to node along their routes; solid where they were taken, pale where they were not. */
export const EdgeLines = memo(function EdgeLines({ edges, level }: EdgesProps & { level: Detail["level"] }) {
  return (
    <svg className="graph-edges" aria-hidden="true">
      {level === "specks"
        ? LOOKS.map((look) => (
            <path key={look} className={`graph-edge graph-edge--${look}`} d={pathOf(edges, look)} />
          ))
        : edges.map((edge) => <EdgeLine key={edge.id} {...edge} />)}
    </svg>
  );
});

/** Lines without patterns and heads are one line. */
const pathOf = (edges: readonly SceneEdge[], look: Look): string =>
  edges.flatMap(({ edge, line }) => (lookOf(edge) === look ? line.path : [])).join(" ");

const EdgeLine = memo(function EdgeLine({ edge, line, moving }: SceneEdge) {
  return (
    <path className={edgeClass(edge, moving)} d={line.path} markerEnd={`url(#graph-arrow-${lookOf(edge)})`} />
  );
});

export const EdgeLabels = memo(function EdgeLabels({ edges }: EdgesProps) {
  return edges.map(({ id, edge, line }) => <EdgeLabel key={id} edge={edge} line={line} />);
});

const EdgeLabel = memo(function EdgeLabel({ edge, line }: Pick<SceneEdge, "edge" | "line">) {
  const text = labelText(edge);
  if (text.length === 0) return null;
  return (
    <div
      className={`graph-edge-label${edge.taken ? " graph-edge-label--taken" : ""}`}
      style={{ transform: placed(line.label) }}
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
  );
});

/** Beside the line rather than on it, so that short lines stay visible. */
function placed(label: Line["label"]): string {
  const at = `translate(${label.x}px, ${label.y}px)`;
  if (!("side" in label)) return `${at} translate(-50%, -50%)`;
  const gap = "var(--graph-scale) * 3px";
  const beside = {
    right: `translate(calc(${gap}), -50%)`,
    left: `translate(calc(-100% - ${gap}), -50%)`,
    above: "translate(-50%, calc(-100% - var(--graph-scale) * 2px))",
  };
  return `${at} ${beside[label.side]}`;
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

const ARROW = 11;

/** The arrow heads that every line of the canvas uses, enlarged as lines are. */
export function ArrowHeads({ scale }: { scale: number }) {
  return (
    <svg className="graph-arrows" aria-hidden="true">
      <defs>
        {LOOKS.map((name) => (
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
