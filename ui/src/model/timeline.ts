/** Windows of the timeline: what touches a window of time, the longest first when there is more than fits. */

import type { Span } from "./spans";
import type { TimelineQuery, TimelineSpan, TimelineStep, TimelineView } from "./views";

export interface TimelineInput {
  readonly startUs: number;
  readonly endUs: number;
  readonly lanes: number;
  readonly spans: readonly Span[];
  readonly stepCount: number;
  /** When a step begins and ends. */
  readonly stepTimes: (step: number) => readonly [startUs: number, endUs: number];
  readonly stepView: (step: number) => TimelineStep;
}

export function timelineView(input: TimelineInput, query: TimelineQuery): TimelineView {
  const from = query.fromUs ?? Number.NEGATIVE_INFINITY;
  const to = query.toUs ?? Number.POSITIVE_INFINITY;
  const spans = input.spans.filter((span) => span.startUs <= to && (span.endUs ?? input.endUs) >= from);
  const spanLength = (span: Span) => (span.endUs ?? input.endUs) - span.startUs;
  const steps: number[] = [];
  for (let step = 0; step < input.stepCount; step += 1) {
    const [startUs, endUs] = input.stepTimes(step);
    if (startUs <= to && endUs >= from) steps.push(step);
  }
  const stepLength = (step: number) => {
    const [startUs, endUs] = input.stepTimes(step);
    return endUs - startUs;
  };
  return {
    startUs: input.startUs,
    endUs: input.endUs,
    lanes: input.lanes,
    steps: longest(steps, query.limit, stepLength).map(input.stepView),
    spans: longest(spans, query.limit, spanLength).map(spanView),
    totalSpans: spans.length,
    totalSteps: steps.length,
  };
}

/** The longest `limit` of what is given, in the order given. */
function longest<T>(all: readonly T[], limit: number, lengthOf: (item: T) => number): readonly T[] {
  if (all.length <= limit) return all;
  const lengths = Float64Array.from(all, lengthOf).sort();
  const least = lengths[lengths.length - limit] ?? Number.POSITIVE_INFINITY;
  let ties = limit - (lengths.length - upperBound(lengths, least));
  return all.filter((item) => {
    const length = lengthOf(item);
    if (length > least) return true;
    ties -= length === least ? 1 : 0;
    return length === least && ties >= 0;
  });
}

/** Where the values above `bound` begin. */
function upperBound(ascending: Float64Array, bound: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

function spanView(span: Span): TimelineSpan {
  return { ...span, sequence: String(span.sequence) };
}
