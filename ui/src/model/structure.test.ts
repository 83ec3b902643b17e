import fc from "fast-check";
import { expect, it } from "vitest";
import { type JsonValue, jsonEqual } from "../protocol/json";
import { pathCost, shareStructure, slotCount } from "./structure";

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;

it("changes no value, and makes equal ones the same", () => {
  fc.assert(
    fc.property(json, json, (before, after) => {
      expect(jsonEqual(shareStructure(before, after), after)).toBe(true);
      const copy = structuredClone(before);
      expect(shareStructure(before, copy)).toBe(before);
    }),
  );
});

it("shares the parts that stay", () => {
  const before = { kept: [1, 2], changed: { a: 1 } };
  const shared = shareStructure(before, { kept: [1, 2], changed: { a: 2 } }) as typeof before;
  expect(shared.kept).toBe(before.kept);
  expect(shared.changed).toEqual({ a: 2 });
});

it("counts slots", () => {
  expect(slotCount({ a: [1, 2], b: null })).toBe(5);
  expect(pathCost({ a: [1, 2, { c: 1 }] }, ["a", "2", "c"])).toBe(5);
  expect(pathCost({ a: 1 }, ["x", "y"])).toBe(1);
});
