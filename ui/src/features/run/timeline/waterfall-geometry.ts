/** Where the waterfall's parts are, in CSS pixels; and what is under the pointer. */

import type { TimelineSpan } from "../../../stores/engine";
import type { TimeScale } from "./time-scale";
import type { Viewport } from "./viewport";

export const RULER_PX = 20;
export const LANE_PX = 18;
export const BAR_PX = 14;
const LANES_TOP_PX = RULER_PX + 4;
/** A span is at least this wide, so that no span is invisible. */
const NARROWEST_PX = 2;

export interface Geometry {
  readonly width: number;
  readonly scale: TimeScale;
  readonly viewport: Viewport;
  readonly scrollTop: number;
}

export const contentHeight = (lanes: number): number => LANES_TOP_PX + lanes * LANE_PX + 4;

export const xToPx = ({ width, viewport }: Geometry, x: number): number =>
  ((x - viewport.from) / (viewport.to - viewport.from)) * width;

export const pxToX = ({ width, viewport }: Pick<Geometry, "width" | "viewport">, px: number): number =>
  viewport.from + (px / Math.max(1, width)) * (viewport.to - viewport.from);

export const laneTop = ({ scrollTop }: Geometry, lane: number): number =>
  LANES_TOP_PX + lane * LANE_PX - scrollTop;

export interface Bar {
  readonly left: number;
  readonly right: number;
}

/** A span's bar; one that still runs reaches to the end. */
export function barOf(geometry: Geometry, span: TimelineSpan): Bar {
  const { scale } = geometry;
  const left = xToPx(geometry, scale.toX(span.startUs));
  const right = xToPx(geometry, scale.toX(span.endUs ?? scale.endUs));
  return { left, right: Math.max(right, left + NARROWEST_PX) };
}

/** The span under a point; the one that starts last when several do. */
export function spanAt(
  geometry: Geometry,
  spans: readonly TimelineSpan[],
  px: number,
  py: number,
): TimelineSpan | null {
  if (py < RULER_PX) return null;
  const lane = Math.floor((py + geometry.scrollTop - LANES_TOP_PX) / LANE_PX);
  return (
    spans.findLast((span) => {
      if (span.lane !== lane) return false;
      const { left, right } = barOf(geometry, span);
      return px >= left - 1 && px <= right + 1;
    }) ?? null
  );
}
