/**
 * Where the canvas looks.
 *
 * A graph whose names can be read when all of it is in sight is shown whole. Of a larger one a part is shown, at a
 * zoom that depends on the layout and the pane alone, so that following the run only ever shifts the picture; and
 * it shifts only when the action leaves the pane.
 */

import type { Viewport } from "@xyflow/react";
import type { GraphNode, GraphView } from "../../../stores/engine";
import type { Box, GraphLayout, Point } from "../../../stores/layout";
import { fitZoom, MARGIN, READABLE_ZOOM, type Size } from "./choose-layout";
import { boundsOf, centreOf, unionOf } from "./geometry";
import { viewOf } from "./sight";

/** How near a part of a graph is shown when it could be larger still. */
const PART_ZOOM = 0.8;

/** The whole graph, in the middle of the pane. */
export function wholeGraph(layout: GraphLayout, pane: Size): Viewport {
  const bounds = boundsOf(layout);
  return centredOn(centreOf(bounds), fitZoom(bounds, pane), pane);
}

/** Whether names can be read while all of the graph is in sight. */
export const fitsReadably = (layout: GraphLayout, pane: Size): boolean =>
  fitZoom(boundsOf(layout), pane) >= READABLE_ZOOM;

/**
 * The view that keeps the nodes of `action` in sight, the most important first; `current` when it does already.
 * Null as `current` asks for a view from scratch.
 */
export function following(
  layout: GraphLayout,
  action: readonly string[],
  pane: Size,
  current: Viewport | null,
): Viewport {
  if (fitsReadably(layout, pane)) return wholeGraph(layout, pane);
  const bounds = boundsOf(layout);
  const zoom = partZoom(bounds, pane);
  const boxes = action.flatMap((id) => layout.boxes.get(id) ?? []);
  const focus = largestInSight(boxes, zoom, pane) ?? bounds;
  if (current && Math.abs(current.zoom - zoom) < 0.001 && inSight(focus, current, pane)) return current;
  const { x, y } = centredOn(centreOf(focus), zoom, pane);
  return {
    x: within(x, bounds.x, bounds.width, zoom, pane.width),
    y: within(y, bounds.y, bounds.height, zoom, pane.height),
    zoom,
  };
}

/** The same zoom in another layout, with the node in the middle that was nearest to the middle before. */
export function samePlace(before: GraphLayout, after: GraphLayout, current: Viewport, pane: Size): Viewport {
  const middle = centreOf(viewOf(current, pane));
  let nearest: { box: Box; distance: number } | null = null;
  for (const [id, box] of after.boxes) {
    const old = before.boxes.get(id);
    if (!old) continue;
    const centre = centreOf(old);
    const distance = Math.hypot(centre.x - middle.x, centre.y - middle.y);
    if (!nearest || distance < nearest.distance) nearest = { box, distance };
  }
  return nearest ? centredOn(centreOf(nearest.box), current.zoom, pane) : current;
}

export function centredOn(centre: Point, zoom: number, pane: Size): Viewport {
  return { x: pane.width / 2 - centre.x * zoom, y: pane.height / 2 - centre.y * zoom, zoom };
}

/** Whether a way is short enough to be followed by eye; a longer one would only draw all that lies between. */
export function isNear(to: Viewport, from: Viewport, pane: Size): boolean {
  const [a, b] = [centreOf(viewOf(from, pane)), centreOf(viewOf(to, pane))];
  const way = Math.hypot(a.x - b.x, a.y - b.y) * Math.min(from.zoom, to.zoom);
  const ratio = to.zoom / from.zoom;
  return way < 2 * Math.hypot(pane.width, pane.height) && ratio < 4 && ratio > 1 / 4;
}

/** Whether the whole box, with the margin, is in the pane. */
export function inSight(box: Box, { x, y, zoom }: Viewport, pane: Size): boolean {
  const [left, top] = [box.x * zoom + x, box.y * zoom + y];
  return (
    left >= MARGIN &&
    top >= MARGIN &&
    left + box.width * zoom <= pane.width - MARGIN &&
    top + box.height * zoom <= pane.height - MARGIN
  );
}

/** The shorter way across the graph fills the pane, as far as that can be read. */
function partZoom(bounds: Box, pane: Size): number {
  const wide = (pane.width - 2 * MARGIN) / Math.max(1, bounds.width);
  const high = (pane.height - 2 * MARGIN) / Math.max(1, bounds.height);
  return Math.min(PART_ZOOM, Math.max(READABLE_ZOOM, wide, high));
}

/** The box around as many of the boxes, from the first on, as the pane can show together. */
function largestInSight([first, ...others]: readonly Box[], zoom: number, pane: Size): Box | null {
  if (!first) return null;
  return others.reduce((around, box) => {
    const wider = unionOf([around, box]);
    const fits =
      wider.width * zoom <= pane.width - 2 * MARGIN && wider.height * zoom <= pane.height - 2 * MARGIN;
    return fits ? wider : around;
  }, first);
}

/** The offset of the view along one axis, such that the pane shows no void beyond the graph. */
function within(offset: number, start: number, length: number, zoom: number, pane: number): number {
  const first = MARGIN - start * zoom;
  const last = pane - MARGIN - (start + length) * zoom;
  return last > first ? (first + last) / 2 : Math.min(first, Math.max(last, offset));
}

/** What a follower looks at: nodes at work, the newest first; else the selected, the last that ran, the first of all. */
export function actionOf(view: GraphView, selected: string | null): readonly string[] {
  const parents = new Set(view.nodes.map(({ parent }) => parent));
  const newestFirst = view.nodes
    .filter(({ id }) => !parents.has(id))
    .toSorted((a, b) => (b.lastStartUs ?? 0) - (a.lastStartUs ?? 0));
  const working = newestFirst.filter(isAtWork).map(({ id }) => id);
  if (working.length > 0) return working;
  if (selected !== null) return [selected];
  return newestFirst.slice(0, 1).map(({ id }) => id);
}

const isAtWork = ({ status }: GraphNode): boolean =>
  status === "running" || status === "retrying" || status === "interrupted";
