/** The part of the timeline in sight, between 0 and 1: zoomed about a place, moved, kept within its ends. */

export interface Viewport {
  readonly from: number;
  readonly to: number;
}

export const WHOLE: Viewport = { from: 0, to: 1 };

const NARROWEST = 1e-5;

export const isWhole = ({ from, to }: Viewport): boolean => from <= 0 && to >= 1;

/** A factor below 1 comes closer; the place `about` stays where it is on the screen. */
export function zoom({ from, to }: Viewport, factor: number, about: number): Viewport {
  const width = Math.min(1, Math.max(NARROWEST, (to - from) * factor));
  const share = (about - from) / (to - from);
  return within(about - share * width, width);
}

export function pan({ from, to }: Viewport, by: number): Viewport {
  return within(from + by, to - from);
}

/** The viewport moved as little as makes the place visible, with some room around it. */
export function reveal(viewport: Viewport, x: number): Viewport {
  const { from, to } = viewport;
  if (x >= from && x <= to) return viewport;
  const width = to - from;
  return within(x - width / 2, width);
}

function within(from: number, width: number): Viewport {
  const start = Math.min(1 - width, Math.max(0, from));
  return { from: start, to: start + width };
}
