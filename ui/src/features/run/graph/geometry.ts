/** Where things lie on the canvas. */

import type { Box, GraphLayout, Point } from "../../../stores/layout";

/** The box around everything, lines included. */
export function boundsOf({ boxes, routes }: GraphLayout): Box {
  const corners: Point[] = [
    ...[...boxes.values()].flatMap((box) => [box, { x: box.x + box.width, y: box.y + box.height }]),
    ...[...routes.values()].flatMap(({ points }) => points),
  ];
  const left = corners.reduce((least, { x }) => Math.min(least, x), Number.POSITIVE_INFINITY);
  const top = corners.reduce((least, { y }) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const right = corners.reduce((most, { x }) => Math.max(most, x), Number.NEGATIVE_INFINITY);
  const bottom = corners.reduce((most, { y }) => Math.max(most, y), Number.NEGATIVE_INFINITY);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

export function centreOf(box: Box): Point {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
