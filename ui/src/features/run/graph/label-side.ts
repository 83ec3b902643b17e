/**
 * On which side of its line a label stands: on the right, unless only the left is clear of other lines and of cards.
 *
 * Known by the layout alone, so that a label stays where it is while its count grows.
 */

import type { Box, GraphLayout, Point, Route } from "../../../stores/layout";
import type { Line } from "./paths";
import { holds, overlap } from "./sight";

/** Room for a usual label, at the scale at which a graph fits a pane. */
const WIDTH = 88;
const HEIGHT = 20;
const GAP = 3;
/** In a graph of more lines labels are read one at a time, near, and where each line is would take long to find out. */
const LINES_MOST = 400;

/** The line with its label on the clearer side; a label that the layout has left room for stays in it. */
export function withClearLabel(line: Line, id: string, layout: GraphLayout): Line {
  const { label } = line;
  if (!("side" in label) || label.side !== "right" || layout.routes.size > LINES_MOST) return line;
  const right = { x: label.x + GAP, y: label.y - HEIGHT / 2, width: WIDTH, height: HEIGHT };
  const left = { ...right, x: label.x - GAP - WIDTH };
  if (isClear(right, id, layout) || !isClear(left, id, layout)) return line;
  return { ...line, label: { ...label, side: "left" } };
}

function isClear(room: Box, id: string, { boxes, routes }: GraphLayout): boolean {
  const isInWay = (box: Box): boolean => overlap(box, room) && !holds(box, room);
  if ([...boxes.values()].some(isInWay)) return false;
  return ![...routes].some(([other, route]) => other !== id && stretchesOf(route).some(isInWay));
}

const stretchesOf = ({ points }: Route): Box[] =>
  points.slice(1).map((to, index) => around(points[index] ?? to, to));

const around = (a: Point, b: Point): Box => ({
  x: Math.min(a.x, b.x),
  y: Math.min(a.y, b.y),
  width: Math.abs(a.x - b.x),
  height: Math.abs(a.y - b.y),
});
