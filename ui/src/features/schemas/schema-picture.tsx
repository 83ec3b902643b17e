/** A structure as a picture: boxes and lines where the layouter puts them, marked by how they drifted. */

import { useRef } from "react";
import type { Drift, StructureEdge } from "../../model/structure-drift";
import type { Box, GraphLayout, LayoutInput } from "../../stores/layout";
import { boundsOf, centreOf } from "../run/graph/geometry";
import { nameWidth } from "../run/graph/names";
import { roundedPath, sideLoop } from "../run/graph/paths";
import { useLayoutOf } from "../run/graph/use-layout";
import { usePaneSize } from "../run/graph/use-pane-size";

const HEIGHT = 34;
const PADDING = 28;
const LEAST = 72;
const MOST = 240;
const MARGIN = 16;
const CORNER = 8;
const CHARACTER_PX = 7;

interface SchemaPictureProps {
  drift: Drift;
  name: string;
  /** Names what is drawn: it is laid out again only when this changes. */
  topology: string;
}

export function SchemaPicture({ drift, name, topology }: SchemaPictureProps) {
  const pane = useRef<HTMLDivElement>(null);
  const layout = useLayoutOf(topology, () => layoutInput(drift), usePaneSize(pane));
  return (
    <div className="schema-picture" ref={pane}>
      {layout && layout.boxes.size > 0 && <Picture drift={drift} name={name} layout={layout} />}
    </div>
  );
}

function layoutInput({ nodes, edges }: Drift): LayoutInput {
  const known = new Set(nodes.map(({ key }) => key));
  return {
    nodes: nodes.map(({ item: { id, name, kind, parent } }) => ({
      id,
      parent: known.has(parent) ? parent : null,
      width: Math.min(MOST, Math.max(LEAST, nameWidth(name) + PADDING)),
      height: HEIGHT,
      place: kind === "start" ? "first" : kind === "end" ? "last" : null,
    })),
    edges: edges
      .filter(({ item }) => known.has(item.source) && known.has(item.target))
      .map(({ key, item: { source, target, label } }) => ({
        id: key,
        source,
        target,
        labelWidth: label.length * CHARACTER_PX,
      })),
  };
}

function Picture({ drift, name, layout }: { drift: Drift; name: string; layout: GraphLayout }) {
  const bounds = boundsOf(layout);
  const [width, height] = [bounds.width + 2 * MARGIN, bounds.height + 2 * MARGIN];
  return (
    <svg
      className="schema-picture__svg"
      viewBox={`${bounds.x - MARGIN} ${bounds.y - MARGIN} ${width} ${height}`}
      style={{ maxWidth: width, maxHeight: height }}
      role="img"
      aria-label={`The structure of ${name || "the graph"}; the list beside it says the same in words`}
    >
      <defs>
        <marker
          id="schema-arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto"
        >
          <path d="M 0 0 L 8 4 L 0 8 z" fill="context-stroke" />
        </marker>
      </defs>
      {drift.nodes.map(({ key, mark, item }) => {
        const box = layout.boxes.get(key);
        return box && <NodeBox key={key} box={box} name={item.name} mark={mark} />;
      })}
      {drift.edges.map(({ key, mark, item }) => (
        <path
          key={key}
          className={`schema-edge drift-line--${mark}${item.conditional ? " schema-edge--conditional" : ""}`}
          d={lineOf(item, key, layout)}
          markerEnd="url(#schema-arrow)"
        />
      ))}
    </svg>
  );
}

function NodeBox({ box, name, mark }: { box: Box; name: string; mark: string }) {
  const inner = box.height > HEIGHT;
  return (
    <g className={`schema-node drift-line--${mark}`}>
      <rect x={box.x} y={box.y} width={box.width} height={box.height} rx={6} />
      <text x={box.x + box.width / 2} y={inner ? box.y + HEIGHT / 2 : box.y + box.height / 2}>
        {clipped(name, box.width)}
      </text>
    </g>
  );
}

/** The layouter's route; without one, a straight line down or a curve back up. */
function lineOf({ source, target }: StructureEdge, key: string, layout: GraphLayout): string {
  const route = layout.routes.get(key);
  if (route) return roundedPath(route.points, CORNER);
  const [from, to] = [layout.boxes.get(source), layout.boxes.get(target)];
  if (!from || !to) return "";
  const [start, end] = [
    { x: centreOf(from).x, y: from.y + from.height },
    { x: centreOf(to).x, y: to.y },
  ];
  return end.y < start.y ? sideLoop(start, end).path : roundedPath([start, end], 0);
}

function clipped(name: string, width: number): string {
  const room = width - PADDING / 2;
  if (nameWidth(name) <= room) return name;
  return `${name.slice(0, Math.max(1, Math.floor((name.length * room) / nameWidth(name)) - 1))}…`;
}
