import fc from "fast-check";
import { expect, it } from "vitest";
import { criticalPath } from "./critical-path";
import type { TimelineSpan } from "./views";

const span = (id: string, startUs: number, endUs: number | null, kind: TimelineSpan["kind"] = "node") =>
  ({ id, kind, startUs, endUs }) as TimelineSpan;

it("goes through the longest of each superstep, and leaves out calls within nodes", () => {
  const spans = [
    span("a1", 0, 10),
    span("a2", 0, 30),
    span("call", 5, 29, "llm"),
    span("b1", 31, 40),
    span("b2", 31, 35),
    span("c", 41, null),
  ];
  expect(criticalPath(spans, 50)).toEqual({ ids: ["a2", "b1", "c"], busyUs: 30 + 9 + 9 });
  expect(criticalPath([], 50)).toEqual({ ids: [], busyUs: 0 });
});

it("never overlaps itself, and ends with what ended last", () => {
  const spans = fc.array(fc.tuple(fc.nat(1000), fc.nat(100)), { minLength: 1 });
  fc.assert(
    fc.property(spans, (pairs) => {
      const all = pairs.map(([start, length], index) => span(String(index), start, start + length));
      const { ids } = criticalPath(all, 0);
      const path = ids.map((id) => all[Number(id)] as TimelineSpan);
      expect(path.at(-1)?.endUs).toBe(Math.max(...all.map(({ endUs }) => endUs ?? 0)));
      for (const [index, next] of path.slice(1).entries())
        expect(path[index]?.endUs).toBeLessThanOrEqual(next.startUs);
    }),
  );
});
