/** Lines through points: corners rounded, and where their middle is. */

import type { Box, Point, Route } from "../../../stores/layout";

/** A line of the canvas. */
export interface Line {
  /** SVG path. */
  readonly path: string;
  /** A spot on the line, or the middle of the room that the layout has left for the label. */
  readonly label: Spot | Point;
  /** Points that it does not go beyond, together with the boxes at its ends. */
  readonly corners: readonly Box[];
  /** Where it ends, and a point that it comes from there. */
  readonly tip: Point;
  readonly from: Point;
}

const CORNER = 8;

const NOWHERE: Point = { x: 0, y: 0 };

/** The line along a route. */
export function lineOf({ points, label }: Route): Line {
  const [from = NOWHERE, tip = from] = points.slice(-2);
  const path = roundedPath(points, CORNER);
  return { path, label: label ?? spotOn(points), corners: points.map(cornerAt), tip, from };
}

/** A line for boxes without a route: down in a curve, or back up around the side. */
export function lineBetween(source: Box, target: Box): Line {
  const from = { x: source.x + source.width / 2, y: source.y + source.height };
  const to = { x: target.x + target.width / 2, y: target.y };
  if (to.y < from.y) {
    const out = { x: Math.max(from.x, to.x) + LOOP_OUT, y: from.y };
    return {
      ...sideLoop(from, to),
      corners: [cornerAt(out)],
      tip: to,
      from: { x: out.x, y: to.y - LOOP_DOWN },
    };
  }
  const middle = (from.y + to.y) / 2;
  return {
    path: `M ${from.x} ${from.y} C ${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`,
    label: { x: (from.x + to.x) / 2, y: middle, side: "right" },
    corners: [],
    tip: to,
    from: { x: to.x, y: middle },
  };
}

const cornerAt = ({ x, y }: Point): Box => ({ x, y, width: 0, height: 0 });

/** SVG path through the points whose corners are rounded by at most `radius` pixels. */
export function roundedPath(points: readonly Point[], radius: number): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return "";
  const corners = rest.slice(0, -1).map((corner, index) => {
    const before = toward(corner, points[index] ?? corner, radius);
    const after = toward(corner, points[index + 2] ?? corner, radius);
    return `L ${before.x} ${before.y} Q ${corner.x} ${corner.y} ${after.x} ${after.y}`;
  });
  return [`M ${first.x} ${first.y}`, ...corners, `L ${last.x} ${last.y}`].join(" ");
}

/** The point `distance` from `from` on the way to `to`, but never beyond the half way. */
function toward(from: Point, to: Point, distance: number): Point {
  const length = distanceOf(from, to);
  const share = length === 0 ? 0 : Math.min(distance, length / 2) / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

const distanceOf = (a: Point, b: Point): number => Math.hypot(b.x - a.x, b.y - a.y);

/** A place on a line, and where beside it a label stands. */
export interface Spot extends Point {
  readonly side: "right" | "left" | "above";
}

/** The middle of the line's longest stretch. */
export function spotOn(points: readonly Point[]): Spot {
  const stretches = points.slice(1).map((to, index) => ({ from: points[index] ?? to, to }));
  const [first, ...others] = stretches;
  if (!first) return { x: points[0]?.x ?? 0, y: points[0]?.y ?? 0, side: "above" };
  const { from, to } = others.reduce(
    (longest, one) => (distanceOf(one.from, one.to) > distanceOf(longest.from, longest.to) ? one : longest),
    first,
  );
  return {
    x: (from.x + to.x) / 2,
    y: (from.y + to.y) / 2,
    side: Math.abs(to.y - from.y) > Math.abs(to.x - from.x) ? "right" : "above",
  };
}

const LOOP_OUT = 170;
const LOOP_DOWN = 60;

/** A curve from below one node back up to the top of another, around their right side. */
export function sideLoop(from: Point, to: Point): { path: string; label: Spot } {
  const out = Math.max(from.x, to.x) + LOOP_OUT;
  const [below, above] = [from.y + LOOP_DOWN, to.y - LOOP_DOWN];
  return {
    path: `M ${from.x} ${from.y} C ${out} ${below} ${out} ${above} ${to.x} ${to.y}`,
    label: {
      x: (from.x + 6 * out + to.x) / 8,
      y: (from.y + 3 * below + 3 * above + to.y) / 8,
      side: "right",
    },
  };
}
