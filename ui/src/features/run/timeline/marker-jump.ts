/** Jumping between the markers that a person looks for: errors, interrupts, and what breaks trust. */

import type { Marker, MarkerKind } from "../../../stores/engine";

const JUMPED_TO: ReadonlySet<MarkerKind> = new Set([
  "error",
  "interrupt",
  "gap",
  "loss",
  "mismatch",
  "undecodable",
]);

/** The step of the nearest such marker before or after `step`; null when there is none. */
export function markerStep(markers: readonly Marker[], step: number, direction: -1 | 1): number | null {
  const steps = markers
    .filter(({ kind }) => JUMPED_TO.has(kind))
    .map((marker) => marker.step ?? 0)
    .filter((candidate) => (direction < 0 ? candidate < step : candidate > step));
  if (steps.length === 0) return null;
  return direction < 0 ? Math.max(...steps) : Math.min(...steps);
}
