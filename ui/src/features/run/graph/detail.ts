/**
 * How much of the graph is drawn at a zoom: all of it when near; larger names and thicker lines when far, so that
 * both stay readable; and only shapes when names have no room at all.
 */

import { DETAIL_ZOOM } from "./choose-layout";

export interface Detail {
  /** By how much texts and lines are enlarged against the cards. */
  readonly scale: number;
  readonly level: "near" | "far" | "specks";
}

const SPECK_ZOOM = 0.2;
/** Steps of the scale per doubling of the distance; each step is a new drawing, so there are few. */
const STEPS = 12;
/** Names larger than this have no room in their cards. */
const MOST = 3;

/** The same object for every zoom of the same look. */
export function detailAt(zoom: number): Detail {
  const step = zoom >= DETAIL_ZOOM ? 0 : Math.round(Math.log2(1 / zoom) * STEPS);
  const level = zoom < SPECK_ZOOM ? "specks" : zoom < DETAIL_ZOOM ? "far" : "near";
  const key = `${level} ${Math.min(step, Math.ceil(Math.log2(MOST) * STEPS))}`;
  const detail = known.get(key) ?? { scale: Math.min(MOST, 2 ** (step / STEPS)), level };
  known.set(key, detail);
  return detail;
}

const known = new Map<string, Detail>();
