/**
 * The timeline's axis: producer's time to a place between 0 and 1, with long idle stretches folded.
 *
 * A stretch without any span gets a small fixed width when it is longer than a second and than a twelfth of all busy
 * time, or longer than all busy time. All other time is linear, so lengths of spans compare. The mapping is monotonic and has an inverse.
 */

export interface Interval {
  readonly startUs: number;
  readonly endUs: number;
}

interface Fold extends Interval {
  /** Where the fold lies, 0 to 1. */
  readonly from: number;
  readonly to: number;
}

export interface TimeScale {
  readonly startUs: number;
  readonly endUs: number;
  readonly folds: readonly Fold[];
  /** Place of an instant; what lies outside is at the nearer end. */
  toX(us: number): number;
  toUs(x: number): number;
}

const FOLD_FROM_US = 1_000_000;
const FOLD_FROM_SHARE = 1 / 12;
const FOLD_WIDTH_SHARE = 0.04;
const ALL_FOLDS_SHARE = 0.5;

export function createTimeScale(startUs: number, endUs: number, spans: readonly Interval[]): TimeScale {
  const busy = merge(startUs, endUs, spans);
  const busyUs = busy.reduce((sum, interval) => sum + (interval.endUs - interval.startUs), 0);
  const threshold = Math.min(busyUs, Math.max(FOLD_FROM_US, busyUs * FOLD_FROM_SHARE));
  const gaps = busyUs > 0 ? idleBetween(startUs, endUs, busy).filter((gap) => lengthOf(gap) > threshold) : [];
  const foldWidth = Math.min(
    busyUs * FOLD_WIDTH_SHARE,
    (busyUs * ALL_FOLDS_SHARE) / Math.max(1, gaps.length),
  );
  const { knotUs, knotX } = knotsOf(startUs, endUs, gaps, foldWidth);
  const toX = (us: number) => interpolate(knotUs, knotX, us);
  return {
    startUs,
    endUs,
    folds: gaps.map((gap) => ({ ...gap, from: toX(gap.startUs), to: toX(gap.endUs) })),
    toX,
    toUs: (x) => interpolate(knotX, knotUs, x),
  };
}

const lengthOf = ({ startUs, endUs }: Interval): number => endUs - startUs;

function merge(startUs: number, endUs: number, spans: readonly Interval[]): Interval[] {
  const merged: { startUs: number; endUs: number }[] = [];
  for (const span of [...spans].sort((a, b) => a.startUs - b.startUs)) {
    const from = Math.max(startUs, span.startUs);
    const to = Math.min(endUs, span.endUs);
    const last = merged.at(-1);
    if (to < from) continue;
    if (last && from <= last.endUs) last.endUs = Math.max(last.endUs, to);
    else merged.push({ startUs: from, endUs: to });
  }
  return merged;
}

function idleBetween(startUs: number, endUs: number, busy: readonly Interval[]): Interval[] {
  const ends = [startUs, ...busy.map((interval) => interval.endUs)];
  const starts = [...busy.map((interval) => interval.startUs), endUs];
  return ends.map((from, index) => ({ startUs: from, endUs: starts[index] ?? from }));
}

function knotsOf(startUs: number, endUs: number, gaps: readonly Interval[], foldWidth: number) {
  const knotUs = [startUs];
  const knotX = [0];
  let at = 0;
  let us = startUs;
  for (const gap of gaps) {
    at += gap.startUs - us;
    knotUs.push(gap.startUs);
    knotX.push(at);
    at += foldWidth;
    knotUs.push(gap.endUs);
    knotX.push(at);
    us = gap.endUs;
  }
  at += endUs - us;
  knotUs.push(endUs);
  knotX.push(at);
  return { knotUs, knotX: knotX.map((x) => (at > 0 ? x / at : 0)) };
}

/** Piecewise linear through ascending knots. */
function interpolate(from: readonly number[], to: readonly number[], value: number): number {
  let low = 0;
  let high = from.length - 1;
  if (value <= (from[0] ?? 0)) return to[0] ?? 0;
  if (value >= (from[high] ?? 0)) return to[high] ?? 0;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((from[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  const [fromLow = 0, fromHigh = 0, toLow = 0, toHigh = 0] = [from[low], from[high], to[low], to[high]];
  return fromHigh === fromLow
    ? toHigh
    : toLow + ((value - fromLow) / (fromHigh - fromLow)) * (toHigh - toLow);
}
