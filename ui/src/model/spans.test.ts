import fc from "fast-check";
import { expect, it } from "vitest";
import { type SpanStart, Spans } from "./spans";

const span = (id: string, startUs: number): SpanStart => ({
  id,
  kind: "node",
  name: id,
  nodeId: id,
  startUs,
  attempt: 1,
  step: null,
  sequence: 1n,
  lastRow: 0,
});

it("never lets spans of one lane overlap, and uses no lane in vain", () => {
  const actions = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: -3, max: 20 })), { maxLength: 100 });
  fc.assert(
    fc.property(actions, (all) => {
      const spans = new Spans();
      const open = new Set<string>();
      let now = 100;
      let most = 0;
      for (const [which, pass] of all) {
        now += pass;
        const id = String(which);
        if (open.delete(id)) spans.end(id, 0, now, "done");
        else {
          spans.start(span(id, now));
          open.add(id);
        }
        most = Math.max(most, open.size);
      }
      spans.endAll(0, now + 50, () => "stopped");
      for (const one of spans.all) {
        const others = spans.all.filter((other) => other !== one && other.lane === one.lane);
        const end = one.endUs as number;
        expect(end).toBeGreaterThanOrEqual(one.startUs);
        for (const other of others) {
          expect(end <= other.startUs || (other.endUs as number) <= one.startUs).toBe(true);
        }
      }
      expect(spans.lanes).toBeGreaterThanOrEqual(most);
    }),
  );
});

it("marks an end before the start, and counts it as no time", () => {
  const spans = new Spans();
  spans.start(span("a", 100));
  expect(spans.end("a", 0, 90, "error", true)).toBe(true);
  expect(spans.end("a", 0, 200, "done")).toBe(false);
  expect(spans.all[0]).toMatchObject({ endUs: 100, skewed: true, status: "error", cached: true });
});
