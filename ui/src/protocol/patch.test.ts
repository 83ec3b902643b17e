import fc from "fast-check";
import { expect, test } from "vitest";
import { type JsonValue, jsonEqual, parseJson, stringifyJson } from "./json";
import { applyOps, formatPointer, type PatchOp, parsePointer } from "./patch";
import { HashedState, sameHash, stateHash } from "./state-hash";

const key = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 4 }),
  fc.constantFrom("__proto__", "a/b", "~", ""),
);
const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: "grapheme", maxLength: 8 }),
);
const state = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .array(fc.tuple(key, tie("value")), { maxLength: 4 })
      .map((entries) => parseJson(`{${unique(entries)}}`) as JsonValue),
  ),
})).value;

function unique(entries: [string, JsonValue][]): string {
  return [...new Map(entries)]
    .map(([name, value]) => `${JSON.stringify(name)}:${stringifyJson(value)}`)
    .join(",");
}

/** Paths of every container's members and elements, with a place to append to each array. */
function places(value: JsonValue, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  const keys = Array.isArray(value) ? [...value.keys()].map(String) : Object.keys(value);
  const inner = keys.flatMap((name) =>
    places((value as Record<string, JsonValue>)[name] as JsonValue, [...path, name]),
  );
  return [path, ...inner, ...(Array.isArray(value) ? [[...path, "-"]] : [[...path, "new"]])];
}

function edit(value: JsonValue, choice: number, fresh: JsonValue): PatchOp {
  const all = places(value);
  const path = all[choice % all.length] as string[];
  const missing = path.at(-1) === "-" || path.at(-1) === "new";
  if (path.length > 0 && !missing && choice % 3 === 0) return { op: "remove", path };
  return { op: missing || choice % 2 === 0 ? "add" : "replace", path, value: fresh };
}

test("the hash kept through patches is the hash of the state, and old states stay what they were", () => {
  const edits = fc.array(fc.tuple(fc.nat(), state), { maxLength: 8 });
  fc.assert(
    fc.property(state, edits, (start, changes) => {
      let hashed = HashedState.of(start);
      const before = stringifyJson(start);
      for (const [choice, fresh] of changes) {
        const op = edit(hashed.value, choice, fresh);
        const expected = applyOps(hashed.value, [op]);
        hashed = hashed.apply([op]);
        expect(jsonEqual(hashed.value, expected)).toBe(true);
        // Parsed anew, no accumulator is known, so this is the full hash.
        expect(sameHash(hashed.hash, stateHash(parseJson(stringifyJson(hashed.value))))).toBe(true);
      }
      expect(stringifyJson(start)).toBe(before);
    }),
  );
});

test("pointers survive formatting", () => {
  fc.assert(
    fc.property(fc.array(key), (path) => {
      expect(parsePointer(formatPointer(path))).toEqual(path);
    }),
  );
});

test("what does not change is shared", () => {
  const before = { kept: { a: 1 }, list: [{ b: 1 }, { c: 1 }] };
  const after = applyOps(before, [{ op: "replace", path: ["list", "0", "b"], value: 2 }]) as typeof before;
  expect(after.kept).toBe(before.kept);
  expect(after.list[1]).toBe(before.list[1]);
  expect(after.list[0]).not.toBe(before.list[0]);
});

test("what a patch may copy is bounded, in size and in depth", () => {
  const copies = (path: string, from: string, times: number): PatchOp[] =>
    Array.from({ length: times }, () => ({ op: "copy", path: parsePointer(path), from: parsePointer(from) }));
  expect(() => applyOps([1], copies("/-", "", 60))).toThrow("copies too much");
  expect(() => applyOps({ a: 1 }, copies("/a", "", 260))).toThrow("copies too much");
  expect(() => applyOps(["🌊".repeat(2 ** 20)], copies("/-", "/0", 1))).toThrow("copies too much");
  const within = ["🌊".repeat(2 ** 20 - 1)];
  expect(applyOps(within, copies("/-", "/0", 1))).toHaveLength(2);
});
