/**
 * How much of the graph is drawn at a zoom: all of it when near; larger names and thicker lines when far, so that
 * both stay readable; and only shapes when names have no room at all.
 */

import { DETAIL_ZOOM } from "./choose-layout";

export interface Detail {
  /** By how much texts and lines are enlarged against the cards. */
  readonly scale: number;
  readonly level: "near" | "far" | "specks";
  /** By how much specks reach beyond their cards, so that they can be seen from any distance. */
  readonly outline: number;
}

const SPECK_ZOOM = 0.33;
/** Steps of the scale per doubling of the distance; each step is a new drawing, so there are few. */
const STEPS = 12;
/** Names larger than this have no room in their cards. */
const MOST = 3;

/** Half of a speck's least width on screen; it grows in steps of two. */
const SPECK = 1.5;

/** By how much texts and lines are enlarged against the cards at exactly this zoom. */
export const enlargementAt = (zoom: number): number => (zoom >= DETAIL_ZOOM ? 1 : Math.min(MOST, 1 / zoom));

/** The same object for every zoom of the same look. */
export function detailAt(zoom: number): Detail {
  const step = zoom >= DETAIL_ZOOM ? 0 : Math.round(Math.log2(1 / zoom) * STEPS);
  const level = zoom < SPECK_ZOOM ? "specks" : zoom < DETAIL_ZOOM ? "far" : "near";
  const outline = level === "specks" ? 2 ** Math.round(Math.log2(SPECK / zoom)) : 0;
  const key = `${outline} ${level} ${Math.min(step, Math.ceil(Math.log2(MOST) * STEPS))}`;
  const detail = known.get(key) ?? { scale: Math.min(MOST, 2 ** (step / STEPS)), level, outline };
  known.set(key, detail);
  return detail;
}

const known = new Map<string, Detail>();
