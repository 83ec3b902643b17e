/**
 * What of the graph is in sight, and which part around it is kept so that a pan has somewhere to go.
 *
 * The part stays while the view is in it, so that most frames of a pan or zoom change nothing but the camera's
 * transform.
 */

import type { Viewport } from "@xyflow/react";
import type { Box } from "../../../stores/layout";
import type { Size } from "./choose-layout";

/** Of the pane's size, at each side. */
const AROUND = 0.2;
/** A part this many times wider than a fresh one is cut. */
const TOO_WIDE = 2;

/** What a pane shows, in the graph's pixels. */
export const viewOf = ({ x, y, zoom }: Viewport, pane: Size): Box => ({
  x: -x / zoom,
  y: -y / zoom,
  width: pane.width / zoom,
  height: pane.height / zoom,
});

/** The part for a view: the one before as long as it will do. */
export function partFor(before: Box | null, viewport: Viewport, pane: Size): Box {
  const view = viewOf(viewport, pane);
  const fresh = {
    x: view.x - AROUND * view.width,
    y: view.y - AROUND * view.height,
    width: (1 + 2 * AROUND) * view.width,
    height: (1 + 2 * AROUND) * view.height,
  };
  return before && holds(before, view) && before.width <= TOO_WIDE * fresh.width ? before : fresh;
}

export const holds = (outer: Box, inner: Box): boolean =>
  outer.x <= inner.x &&
  outer.y <= inner.y &&
  outer.x + outer.width >= inner.x + inner.width &&
  outer.y + outer.height >= inner.y + inner.height;

export const overlap = (a: Box, b: Box): boolean =>
  a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;
