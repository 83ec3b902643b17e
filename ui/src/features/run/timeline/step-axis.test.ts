import { describe, expect, it } from "vitest";
import type { TimelineStep } from "../../../stores/engine";
import { createStepAxis } from "./step-axis";
import { createTimeScale } from "./time-scale";

const stepAt = (step: number, startUs: number, endUs: number): TimelineStep => ({
  step,
  superstep: String(step),
  sequence: String(step),
  startUs,
  endUs,
  nodes: [],
  verification: "verified",
  operations: 1,
});

const S = 1_000_000;
const scale = createTimeScale(0, 10 * S, [{ startUs: 0, endUs: 10 * S }]);
const STEPS = [stepAt(0, 0, 0), stepAt(1, 0, 4 * S), stepAt(2, 4 * S, 6 * S), stepAt(3, 6 * S, 10 * S)];

describe("the axis of steps", () => {
  it("puts a step where its state came to be", () => {
    const axis = createStepAxis(STEPS, 3, scale);
    expect([0, 1, 2, 3].map(axis.xOf)).toEqual([0, 0.4, 0.6, 1]);
  });

  it("finds the nearest step, and the one whose superstep covers a place", () => {
    const axis = createStepAxis(STEPS, 3, scale);
    expect(axis.nearest(0.45)).toBe(1);
    expect(axis.nearest(0.55)).toBe(2);
    expect(axis.covering(0.45)).toBe(2);
    expect(axis.covering(0.2)).toBe(1);
    expect(axis.nearest(5)).toBe(3);
    expect(axis.nearest(-5)).toBe(0);
  });

  it("spreads the steps that the answer left out, also those at the end", () => {
    const axis = createStepAxis([stepAt(0, 0, 0), stepAt(10, 0, 5 * S)], 20, scale);
    expect(axis.xOf(5)).toBeCloseTo(0.25);
    expect(axis.xOf(15)).toBeCloseTo(0.75);
    for (let step = 0; step <= 20; step += 1) expect(axis.nearest(axis.xOf(step))).toBe(step);
  });

  it("begins at the first step that can be shown", () => {
    const axis = createStepAxis(STEPS.slice(2), 3, scale, 2);
    expect([axis.nearest(0), axis.covering(0), axis.nearest(1)]).toEqual([2, 2, 3]);
  });

  it("spreads the steps of a run without time, so that each can be reached", () => {
    const flat = createTimeScale(7, 7, []);
    const axis = createStepAxis([stepAt(0, 7, 7), stepAt(1, 7, 7), stepAt(2, 7, 7)], 2, flat);
    expect([0, 1, 2].map(axis.xOf)).toEqual([0, 0.5, 1]);
  });

  it("has no step before the first one", () => {
    const axis = createStepAxis([], -1, scale);
    expect(axis.nearest(0.5)).toBe(-1);
    expect(axis.covering(0.5)).toBe(-1);
  });
});
