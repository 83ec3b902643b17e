/**
 * The chain of node executions that decided how long a run took: each began when the one before it had ended.
 *
 * Read from the end: the execution that ended last, then the one that ended last before that one began, and so on.
 * Making any other execution faster would not have ended the run earlier.
 */

import type { TimelineSpan } from "./views";

export interface CriticalPath {
  /** Ids of spans, in order of time. */
  readonly ids: readonly string[];
  /** Time within these spans, in microseconds; the rest of the run went by between them. */
  readonly busyUs: number;
}

/** `endUs` stands for the end of what still runs. */
export function criticalPath(spans: readonly TimelineSpan[], endUs: number): CriticalPath {
  const endOf = (span: TimelineSpan): number => span.endUs ?? endUs;
  const byEnd = spans.filter(({ kind }) => kind === "node").toSorted((a, b) => endOf(b) - endOf(a));
  const path: TimelineSpan[] = [];
  let until = Number.POSITIVE_INFINITY;
  for (const span of byEnd) {
    if (endOf(span) > until) continue;
    path.unshift(span);
    until = span.startUs;
  }
  return {
    ids: path.map(({ id }) => id),
    busyUs: path.reduce((sum, span) => sum + endOf(span) - span.startUs, 0),
  };
}
