import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWhole, pan, reveal, WHOLE, zoom } from "./viewport";

describe("the viewport", () => {
  it("keeps the place under the pointer while coming closer", () => {
    const near = zoom(WHOLE, 0.5, 0.3);
    expect((0.3 - near.from) / (near.to - near.from)).toBeCloseTo(0.3);
  });

  it("stays within the run, whatever is done", () => {
    const act = fc.oneof(
      fc.tuple(fc.constant("zoom" as const), fc.double({ min: 0.1, max: 10, noNaN: true })),
      fc.tuple(fc.constant("pan" as const), fc.double({ min: -2, max: 2, noNaN: true })),
      fc.tuple(fc.constant("reveal" as const), fc.double({ min: 0, max: 1, noNaN: true })),
    );
    fc.assert(
      fc.property(fc.array(act), (acts) => {
        let viewport = WHOLE;
        for (const [kind, value] of acts) {
          if (kind === "zoom") viewport = zoom(viewport, value, (viewport.from + viewport.to) / 2);
          else viewport = kind === "pan" ? pan(viewport, value) : reveal(viewport, value);
          expect(viewport.from).toBeGreaterThanOrEqual(0);
          expect(viewport.to).toBeLessThanOrEqual(1 + 1e-9);
          expect(viewport.to).toBeGreaterThan(viewport.from);
        }
      }),
    );
  });

  it("moves only to what is out of sight", () => {
    const viewport = { from: 0.2, to: 0.4 };
    expect(reveal(viewport, 0.3)).toBe(viewport);
    expect(reveal(viewport, 0.9).to).toBeGreaterThanOrEqual(0.9);
    expect(isWhole(WHOLE)).toBe(true);
  });
});
