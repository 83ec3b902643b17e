import fc from "fast-check";
import { expect, it } from "vitest";
import type { Span } from "./spans";
import { timelineView } from "./timeline";
import type { TimelineStep } from "./views";

const span = (startUs: number, endUs: number | null): Span => ({
  id: `${startUs}`,
  kind: "node",
  name: "n",
  nodeId: null,
  startUs,
  endUs,
  attempt: 1,
  lane: 0,
  step: null,
  sequence: 1n,
  status: "done",
  cached: false,
  skewed: false,
  lastRow: 0,
});

const inputOf = (spans: readonly Span[], ends: readonly number[] = []) => ({
  startUs: 0,
  endUs: 100,
  lanes: 1,
  spans,
  firstStep: 0,
  stepsEnd: ends.length,
  stepStartUs: (step: number) => ends[step - 1] ?? 0,
  stepEndUs: (step: number) => ends[step] as number,
  stepView: (step: number) => ({ step }) as TimelineStep,
});

const lengthOf = (one: { startUs: number; endUs: number | null }) => (one.endUs ?? 100) - one.startUs;

it("shows what touches the window, running spans up to the end", () => {
  const view = timelineView(inputOf([span(0, 10), span(20, 30), span(40, null)], [15, 35, 90]), {
    fromUs: 25,
    toUs: 60,
    limit: 10,
  });
  expect(view.spans.map(({ startUs }) => startUs)).toEqual([20, 40]);
  expect(view.steps.map(({ step }) => step)).toEqual([1, 2]);
  expect([view.totalSpans, view.totalSteps]).toEqual([2, 2]);
});

it("shows the longest, in order, when more than the limit touch the window", () => {
  const many = fc.array(fc.tuple(fc.nat(90), fc.nat(10)), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(many, fc.integer({ min: 1, max: 20 }), (pairs, limit) => {
      const spans = pairs.map(([start, length]) => span(start, start + length));
      const view = timelineView(inputOf(spans), { fromUs: null, toUs: null, limit });
      expect(view.totalSpans).toBe(spans.length);
      expect(view.spans).toHaveLength(Math.min(limit, spans.length));
      const lengths = spans.map(lengthOf).sort((left, right) => right - left);
      expect(view.spans.map(lengthOf).sort((left, right) => right - left)).toEqual(lengths.slice(0, limit));
    }),
  );
});
