import { describe, expect, it } from "vitest";
import { cursorAfter } from "./node-cursor";

describe("the cursor of a large graph", () => {
  it("reaches every node with either pair of arrow keys", () => {
    for (const [on, back] of [
      ["ArrowDown", "ArrowUp"],
      ["ArrowRight", "ArrowLeft"],
    ] as const) {
      const seen = [0];
      while (seen.length < 5) seen.push(cursorAfter(on, seen.at(-1) ?? 0, 5) ?? -1);
      expect(seen).toEqual([0, 1, 2, 3, 4]);
      expect(cursorAfter(back, 3, 5)).toBe(2);
    }
  });

  it("stops at both ends, and goes there at once", () => {
    expect(cursorAfter("ArrowDown", 4, 5)).toBe(4);
    expect(cursorAfter("ArrowUp", 0, 5)).toBe(0);
    expect(cursorAfter("PageDown", 0, 5)).toBe(4);
    expect(cursorAfter("PageUp", 3, 5)).toBe(0);
    expect(cursorAfter("Home", 3, 5)).toBe(0);
    expect(cursorAfter("End", 0, 5)).toBe(4);
  });

  it("leaves other keys alone", () => {
    for (const key of ["Tab", "Escape", "a", "Enter", " "]) expect(cursorAfter(key, 2, 5)).toBeNull();
  });
});
