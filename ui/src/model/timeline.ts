/** Windows of the timeline: what touches a window of time, the longest first when there is more than fits. */

import type { Span } from "./spans";
import type { TimelineQuery, TimelineSpan, TimelineStep, TimelineView } from "./views";

export interface TimelineInput {
  readonly startUs: number;
  readonly endUs: number;
  readonly lanes: number;
  readonly spans: readonly Span[];
  readonly firstStep: number;
  /** The number after the last step's. */
  readonly stepsEnd: number;
  readonly stepStartUs: (step: number) => number;
  readonly stepEndUs: (step: number) => number;
  readonly stepView: (step: number) => TimelineStep;
}

export function timelineView(input: TimelineInput, query: TimelineQuery): TimelineView {
  const from = query.fromUs ?? Number.NEGATIVE_INFINITY;
  const to = query.toUs ?? Number.POSITIVE_INFINITY;
  const spans = input.spans.filter((span) => span.startUs <= to && (span.endUs ?? input.endUs) >= from);
  const spanLength = (span: Span) => (span.endUs ?? input.endUs) - span.startUs;
  const steps: number[] = [];
  for (let step = input.firstStep; step < input.stepsEnd; step += 1) {
    if (input.stepStartUs(step) <= to && input.stepEndUs(step) >= from) steps.push(step);
  }
  const stepLength = (step: number) => input.stepEndUs(step) - input.stepStartUs(step);
  return {
    startUs: input.startUs,
    endUs: input.endUs,
    lanes: input.lanes,
    steps: longest(steps, query.limit, stepLength).map(input.stepView),
    spans: longest(spans, query.limit, spanLength).map(spanView),
    totalSpans: spans.length,
    totalSteps: steps.length,
    firstStep: input.firstStep,
    unread: null,
  };
}

/** The longest `limit` of what is given, in the order given; of those equally long, some from everywhere. */
function longest<T>(all: readonly T[], limit: number, lengthOf: (item: T) => number): readonly T[] {
  if (all.length <= limit) return all;
  const lengths = new Float64Array(all.length);
  for (let index = 0; index < all.length; index += 1) lengths[index] = lengthOf(all[index] as T);
  const ascending = lengths.slice().sort();
  const least = ascending[ascending.length - limit] ?? Number.POSITIVE_INFINITY;
  const above = upperBound(ascending, least);
  const wanted = limit - (ascending.length - above);
  const share = wanted / (above - ascending.indexOf(least));
  let ties = 0;
  return all.filter((_, index) => {
    const length = lengths[index] as number;
    if (length !== least) return length > least;
    ties += 1;
    return Math.round(ties * share) > Math.round((ties - 1) * share);
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

function spanView({ lastRow: _, ...span }: Span): TimelineSpan {
  return { ...span, sequence: String(span.sequence) };
}
