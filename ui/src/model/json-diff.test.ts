import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonValue, jsonEqual, parseJson } from "../protocol/json";
import { applyOps, type PatchOp, parsePointer } from "../protocol/patch";
import { diffValues } from "./json-diff";
import { shareStructure } from "./structure";
import type { DiffOperation } from "./views";

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;

/** Indices of an answer are those of the state before (removals) and after (additions), so removals go last first. */
function asPatch(operations: readonly DiffOperation[]): PatchOp[] {
  const removals = operations.filter(({ op }) => op === "remove").reverse();
  const others = operations.filter(({ op }) => op !== "remove");
  return [...others, ...removals].map(({ op, path, after }) => ({
    op,
    path: parsePointer(path),
    ...(after === null ? {} : { value: parseJson(after) }),
  }));
}

describe("the difference of two values", () => {
  it("leads from one to the other", () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const wrapped = [{ value: before }, { value: after }] as const;
        const { operations, total } = diffValues(wrapped[0], wrapped[1], 10_000);
        expect(total).toBe(operations.length);
        expect(jsonEqual(applyOps(wrapped[0], asPatch(operations)), wrapped[1])).toBe(true);
      }),
    );
  });

  it("is empty for equal values, shared or not", () => {
    fc.assert(
      fc.property(json, (value) => {
        const copy = structuredClone(value);
        expect(diffValues(value, copy, 10).total).toBe(0);
        expect(diffValues(value, shareStructure(value, copy), 10).total).toBe(0);
      }),
    );
  });

  it("keeps what is equal at both ends of an array", () => {
    expect(diffValues([1, 2, 3, 4], [0, 1, 2, 3, 4], 10).operations).toEqual([
      { op: "add", path: "/0", before: null, after: "0" },
    ]);
    expect(diffValues([1, 2, 3], [1, 9, 3], 10).operations).toEqual([
      { op: "replace", path: "/1", before: "2", after: "9" },
    ]);
  });

  it("counts beyond its limit and cuts long texts", () => {
    const { operations, total } = diffValues({}, { a: 1, b: 2, c: "x".repeat(100_000) }, 1);
    expect([operations.length, total]).toEqual([1, 3]);
    const [long] = diffValues(1, "x".repeat(100_000), 1).operations;
    expect(long?.after?.length).toBeLessThan(70_000);
  });
});
