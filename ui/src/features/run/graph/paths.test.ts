import { describe, expect, it } from "vitest";
import { roundedPath, spotOn } from "./paths";

describe("paths", () => {
  it("rounds corners, and never by more than half of a side", () => {
    const path = roundedPath(
      [
        { x: 0, y: 0 },
        { x: 0, y: 100 },
        { x: 10, y: 100 },
      ],
      8,
    );
    expect(path).toBe("M 0 0 L 0 92 Q 0 100 5 100 L 10 100");
  });

  it("finds the middle of a line's longest stretch, and where beside it a label stands", () => {
    const corner = { x: 0, y: 10 };
    expect(spotOn([{ x: 0, y: 0 }, corner, { x: 30, y: 10 }])).toEqual({ x: 15, y: 10, side: "above" });
    expect(spotOn([{ x: 0, y: -90 }, corner, { x: 30, y: 10 }])).toEqual({ x: 0, y: -40, side: "right" });
    expect(spotOn([])).toEqual({ x: 0, y: 0, side: "above" });
  });
});
