import fc from "fast-check";
import { expect, it } from "vitest";
import { HOLES_KEPT, SequenceSet } from "./sequences";

it("knows what was seen and what is missing, in any order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sequences) => {
      const set = new SequenceSet();
      const seen = new Set<number>();
      for (const sequence of sequences) {
        expect(set.add(BigInt(sequence))).toBe(!seen.has(sequence));
        seen.add(sequence);
      }
      const [first, last] = [Math.min(...seen), Math.max(...seen)];
      expect([set.first, set.last]).toEqual([BigInt(first), BigInt(last)]);
      expect(set.missing).toBe(BigInt(last - first + 1 - seen.size));
      for (const [from, to] of set.holes()) {
        for (let missing = from; missing < to; missing += 1n) expect(seen.has(Number(missing))).toBe(false);
        expect(seen.has(Number(to)) && seen.has(Number(from) - 1)).toBe(true);
      }
      expect([...set.holes()]).toHaveLength(set.holeCount);
    }),
  );
});

it("keeps so many holes, and counts those that it closed", () => {
  const set = new SequenceSet();
  const last = BigInt(HOLES_KEPT + 2);
  for (let sequence = 1n; sequence <= last; sequence += 1n) set.add(2n * sequence);
  expect([set.holeCount, set.missing]).toEqual([Number(last) - 1, last - 1n]);
  expect([...set.holes()].length).toBeLessThanOrEqual(HOLES_KEPT);
  expect([set.add(3n), set.add(2n * last - 1n)]).toEqual([false, true]);
  expect([set.first, set.last, set.missing]).toEqual([2n, 2n * last, last - 2n]);
});
