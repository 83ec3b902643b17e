/**
 * Where steps lie on the timeline, and which step a place means.
 *
 * A step lies where its superstep ended: there its state came to be. The engine may leave steps out of a very long
 * run; those lie evenly between their neighbours, as do all steps of a run whose records carry one instant.
 */

import type { TimelineStep } from "../../../stores/engine";
import type { TimeScale } from "./time-scale";

export interface StepAxis {
  readonly last: number;
  /** Place of a step's state, 0 to 1; 0 when there is no step. */
  xOf(step: number): number;
  /** The step whose state came to be nearest to the place; -1 when there is none. */
  nearest(x: number): number;
  /** The step whose superstep covers the place; -1 when there is none. */
  covering(x: number): number;
}

export function createStepAxis(
  steps: readonly TimelineStep[],
  last: number,
  scale: TimeScale,
  first = 0,
): StepAxis {
  const known = steps.filter(({ step }) => step <= last);
  const flat = scale.endUs <= scale.startUs || known.length === 0;
  const numbers = flat ? [first, last] : known.map(({ step }) => step);
  const places = flat ? [0, 1] : ascending(known.map(({ endUs }) => scale.toX(endUs)));
  if (!flat && (numbers.at(-1) ?? 0) < last) {
    numbers.push(last);
    places.push(1);
  }
  const xOf = (step: number) => (last < 0 ? 0 : along(numbers, places, step));
  const stepAtOrAfter = (x: number): number => {
    let low = first;
    let high = last;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (xOf(middle) < x) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    last,
    xOf,
    covering: (x) => (last < 0 ? -1 : stepAtOrAfter(x)),
    nearest(x) {
      if (last < 0) return -1;
      const after = stepAtOrAfter(x);
      return after > first && x - xOf(after - 1) < xOf(after) - x ? after - 1 : after;
    },
  };
}

/** The producer's clock may jump back; a later step never lies before an earlier one. */
function ascending(places: readonly number[]): number[] {
  let highest = 0;
  return places.map((place) => {
    highest = Math.max(highest, place);
    return highest;
  });
}

function along(numbers: readonly number[], places: readonly number[], step: number): number {
  let low = 0;
  let high = numbers.length - 1;
  if (step <= (numbers[0] ?? 0)) return places[0] ?? 0;
  if (step >= (numbers[high] ?? 0)) return places[high] ?? 0;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) <= step) low = middle;
    else high = middle;
  }
  const [from = 0, to = 0, fromX = 0, toX = 0] = [numbers[low], numbers[high], places[low], places[high]];
  return to === from ? toX : fromX + ((step - from) / (to - from)) * (toX - fromX);
}
