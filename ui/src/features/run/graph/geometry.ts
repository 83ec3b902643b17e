/** Where things lie on the canvas. */

import type { Box, GraphLayout, Point } from "../../../stores/layout";

const known = new WeakMap<GraphLayout, Box>();

/** The box around everything, lines included. */
export function boundsOf(layout: GraphLayout): Box {
  const bounds =
    known.get(layout) ??
    unionOf([
      ...layout.boxes.values(),
      ...[...layout.routes.values()].flatMap(({ points }) =>
        points.map((point) => ({ ...point, width: 0, height: 0 })),
      ),
    ]);
  known.set(layout, bounds);
  return bounds;
}

/** The box around boxes, of which there is at least one. */
export function unionOf(boxes: readonly Box[]): Box {
  const left = boxes.reduce((least, { x }) => Math.min(least, x), Number.POSITIVE_INFINITY);
  const top = boxes.reduce((least, { y }) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const right = boxes.reduce((most, { x, width }) => Math.max(most, x + width), Number.NEGATIVE_INFINITY);
  const bottom = boxes.reduce((most, { y, height }) => Math.max(most, y + height), Number.NEGATIVE_INFINITY);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

export function centreOf(box: Box): Point {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
