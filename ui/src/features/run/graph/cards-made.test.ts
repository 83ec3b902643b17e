import { describe, expect, it } from "vitest";
import { nextCards } from "./cards-made";

const named = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: `n${from + index}` }));

/** Frames until nothing changes, with how many cards there are after each. */
function frames(made: ReadonlySet<string>, wanted: readonly { id: string }[]) {
  const sizes: number[] = [];
  for (let next = nextCards(made, wanted); next !== made; next = nextCards(made, wanted)) {
    made = next;
    sizes.push(made.size);
  }
  return { made, sizes };
}

describe("cards of a large graph", () => {
  it("are made a few per frame, until all are there", () => {
    const { made, sizes } = frames(new Set(), named(0, 100));
    expect(made.size).toBe(100);
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes.map((size, at) => size - (sizes[at - 1] ?? 0)))).toBeLessThanOrEqual(24);
  });

  it("stay while they are wanted and go when they are not", () => {
    const { made } = frames(new Set(), named(0, 40));
    const moved = nextCards(made, named(20, 60));
    expect([...moved].filter((id) => made.has(id))).toEqual(named(20, 40).map(({ id }) => id));
    expect(frames(made, []).made.size).toBe(0);
  });

  it("are bounded in number", () => {
    expect(frames(new Set(), named(0, 10_000)).made.size).toBe(600);
  });
});
