import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTimeScale } from "./time-scale";

const S = 1_000_000;

describe("the time scale", () => {
  it("is linear while something runs", () => {
    const scale = createTimeScale(0, 10 * S, [{ startUs: 0, endUs: 10 * S }]);
    expect(scale.folds).toEqual([]);
    expect(scale.toX(2.5 * S)).toBeCloseTo(0.25);
  });

  it("folds a night between two spans, and says how long it was", () => {
    const scale = createTimeScale(0, 36_002 * S, [
      { startUs: 0, endUs: S },
      { startUs: 36_001 * S, endUs: 36_002 * S },
    ]);
    expect(scale.folds).toHaveLength(1);
    expect(scale.folds[0]).toMatchObject({ startUs: S, endUs: 36_001 * S });
    expect(scale.toX(S)).toBeGreaterThan(0.4);
    expect(scale.toX(36_001 * S)).toBeLessThan(0.6);
  });

  it("folds an idle stretch that leaves no room for a quick run", () => {
    const scale = createTimeScale(0, 0.15 * S, [{ startUs: 0.14 * S, endUs: 0.15 * S }]);
    expect(scale.folds).toHaveLength(1);
    expect(scale.toX(0.14 * S)).toBeLessThan(0.1);
  });

  it("does not fold what is short against the run", () => {
    const scale = createTimeScale(0, 100 * S, [
      { startUs: 0, endUs: 50 * S },
      { startUs: 52 * S, endUs: 100 * S },
    ]);
    expect(scale.folds).toEqual([]);
  });

  it("never turns back, and its inverse finds the instant again", () => {
    const interval = fc
      .tuple(fc.nat(100 * S), fc.nat(5 * S))
      .map(([startUs, length]) => ({ startUs, endUs: startUs + length }));
    fc.assert(
      fc.property(fc.array(interval, { minLength: 1 }), fc.array(fc.nat(100 * S)), (spans, instants) => {
        const scale = createTimeScale(0, 110 * S, spans);
        const places = [...instants].sort((a, b) => a - b).map(scale.toX);
        for (const [index, place] of places.entries()) {
          expect(place).toBeGreaterThanOrEqual(places[index - 1] ?? 0);
          expect(place).toBeLessThanOrEqual(1);
        }
        for (const span of spans)
          expect(scale.toX(scale.toUs(scale.toX(span.startUs)))).toBeCloseTo(scale.toX(span.startUs));
      }),
    );
  });

  it("stands without any time at all", () => {
    const scale = createTimeScale(5, 5, []);
    expect(scale.toX(5)).toBe(0);
    expect(scale.toUs(0.5)).toBe(5);
  });
});
