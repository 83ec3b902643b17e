import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Box } from "../../../stores/layout";
import { overlap, partFor } from "./sight";

const PANE = { width: 800, height: 500 };
const view = fc.record({
  x: fc.double({ min: -5_000, max: 5_000, noNaN: true }),
  y: fc.double({ min: -5_000, max: 5_000, noNaN: true }),
  zoom: fc.double({ min: 0.01, max: 2, noNaN: true }),
});

describe("the part of a large graph that is drawn in full", () => {
  it("holds all that the pane shows and never much more, wherever the camera goes", () => {
    fc.assert(
      fc.property(fc.array(view, { minLength: 1 }), (views) => {
        let part: Box | null = null;
        for (const { x, y, zoom } of views) {
          part = partFor(part, { x, y, zoom }, PANE);
          expect(part.x).toBeLessThanOrEqual(-x / zoom);
          expect(part.y).toBeLessThanOrEqual(-y / zoom);
          expect(part.x + part.width).toBeGreaterThanOrEqual((PANE.width - x) / zoom);
          expect(part.y + part.height).toBeGreaterThanOrEqual((PANE.height - y) / zoom);
          expect(part.width * zoom).toBeLessThan(4 * PANE.width);
        }
      }),
    );
  });

  it("stays while the camera moves a little", () => {
    const first = partFor(null, { x: 0, y: 0, zoom: 0.5 }, PANE);
    expect(partFor(first, { x: -100, y: 60, zoom: 0.5 }, PANE)).toBe(first);
    expect(partFor(first, { x: 0, y: 0, zoom: 0.7 }, PANE)).toBe(first);
    expect(partFor(first, { x: -300, y: 0, zoom: 0.5 }, PANE)).not.toBe(first);
    expect(partFor(first, { x: 0, y: 0, zoom: 0.3 }, PANE)).not.toBe(first);
  });

  it("knows boxes that touch it from those that do not", () => {
    const box = { x: 0, y: 0, width: 10, height: 10 };
    expect(overlap(box, { x: 5, y: 5, width: 1, height: 1 })).toBe(true);
    expect(overlap(box, { x: 11, y: 0, width: 5, height: 5 })).toBe(false);
    expect(overlap(box, { x: 0, y: -6, width: 5, height: 5 })).toBe(false);
  });
});
