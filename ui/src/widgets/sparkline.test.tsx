import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { Sparkline, sparkPath } from "./sparkline";

const pathOf = (...points: readonly (readonly [atMs: number, value: number | null])[]) =>
  sparkPath(
    points.map(([atMs, value]) => ({ atMs, value })),
    300,
    20,
    10,
  );

describe("a sparkline", () => {
  it("runs from zero to the highest value, and ends at the newest point", () => {
    expect(pathOf([280, 0], [300, 10])).toBe("M280 30L280 30L300 2");
  });

  it("has a hole where a value is not known or answers are missing", () => {
    expect(pathOf([280, 5], [290, null], [300, 5])).toBe("M280 16L280 16M300 16L300 16");
    expect(pathOf([270, 5], [300, 5]).match(/M/g)).toHaveLength(2);
  });

  it("leaves out what is before the window", () => {
    expect(pathOf([0, 5], [301, 5])).toBe("M300 16L300 16");
  });

  it("says its figures", () => {
    const points = [
      { atMs: 0, value: 3 },
      { atMs: 1, value: null },
    ];
    render(<Sparkline label="Lag" points={points} windowMs={300_000} holeMs={1} words={(s) => `${s} s`} />);
    expect(screen.getByText("5 min, highest 3 s")).toBeTruthy();
  });
});
