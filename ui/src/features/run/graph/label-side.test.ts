import { describe, expect, it } from "vitest";
import type { Box, GraphLayout, Point } from "../../../stores/layout";
import { withClearLabel } from "./label-side";
import { lineOf } from "./paths";

const DOWN = [
  { x: 100, y: 0 },
  { x: 100, y: 60 },
];
/** A line that comes in from the side, at the height of the label. */
const from = (x: number): Point[] => [
  { x, y: 30 },
  { x: x < 100 ? 80 : 120, y: 30 },
  { x: x < 100 ? 80 : 120, y: 60 },
];

function sideOf(others: readonly Point[][], boxes: readonly Box[] = [], label: Point | null = null) {
  const routes = [DOWN, ...others].map((points, index) => [`${index}`, { points, label: null }] as const);
  const layout: GraphLayout = {
    boxes: new Map(boxes.map((box, index) => [`box ${index}`, box])),
    routes: new Map(routes),
  };
  const line = withClearLabel(lineOf({ points: DOWN, label }), "0", layout);
  return "side" in line.label ? line.label.side : "own room";
}

describe("the side of a label", () => {
  it("is the right one while nothing is in its way", () => {
    expect(sideOf([])).toBe("right");
    expect(sideOf([from(0)])).toBe("right");
  });

  it("is the left one where a line or a card is on the right", () => {
    expect(sideOf([from(300)])).toBe("left");
    expect(sideOf([], [{ x: 130, y: 0, width: 100, height: 100 }])).toBe("left");
  });

  it("is the right one where neither is clear, and in a container that holds it", () => {
    expect(sideOf([from(300), from(0)])).toBe("right");
    expect(sideOf([], [{ x: -500, y: -500, width: 1000, height: 1000 }])).toBe("right");
  });

  it("does not matter where the layout has left room", () => {
    expect(sideOf([from(300)], [], { x: 140, y: 30 })).toBe("own room");
  });

  it("is not looked for among thousands of lines", () => {
    expect(sideOf(Array.from({ length: 5_000 }, () => from(300)))).toBe("right");
  });
});
