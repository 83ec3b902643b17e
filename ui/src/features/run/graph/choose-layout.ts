/** Which of several layouts of one graph suits a pane. */

import type { GraphLayout, LayoutChoices } from "../../../stores/layout";
import { boundsOf } from "./geometry";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Free pixels at each side of a graph that fits. */
export const MARGIN = 20;
/** At this scale a graph is as large as it gets, so a layout that fits larger is no better. */
export const FULL_ZOOM = 1.1;
/** The least zoom at which a card has room for its name in letters of 11 pixels. */
export const READABLE_ZOOM = 0.5;
/** From here on cards have room for what is counted about their nodes. */
export const DETAIL_ZOOM = 0.92;
/** A layout that is on screen stays until another is this much better: sizes change, the picture should not. */
const KEEP = 1.15;

/** The zoom at which `bounds` fills the pane. */
export function fitZoom(bounds: Size, pane: Size): number {
  const wide = (pane.width - 2 * MARGIN) / Math.max(1, bounds.width);
  const high = (pane.height - 2 * MARGIN) / Math.max(1, bounds.height);
  return Math.max(0, Math.min(FULL_ZOOM, wide, high));
}

/**
 * The plainest choice that shows details in the pane, else the plainest that can be read, else the largest; the
 * first while the pane's size is not known.
 */
export function chooseLayout(choices: LayoutChoices, pane: Size, shown: GraphLayout | null): GraphLayout {
  if (pane.width === 0 || pane.height === 0) return choices[0];
  const rated = choices.map((layout) => ({
    layout,
    zoom: fitZoom(boundsOf(layout), pane) * (layout === shown ? KEEP : 1),
  }));
  for (const least of [DETAIL_ZOOM, READABLE_ZOOM]) {
    const enough = rated.filter(({ zoom }) => zoom >= least);
    const [plainest] = enough;
    if (plainest) return enough.find(({ layout }) => layout === shown)?.layout ?? plainest.layout;
  }
  return rated.reduce((best, one) => (one.zoom > best.zoom ? one : best)).layout;
}
