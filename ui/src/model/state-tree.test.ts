import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonValue, jsonEqual } from "../protocol/json";
import { parsePointer, valueAt } from "../protocol/patch";
import { PathTree } from "./path-tree";
import { StateSearch } from "./state-search";
import { type TreeQuery, treeRows } from "./state-tree";

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;

function rowsOf(
  value: JsonValue,
  more: { expanded?: string[]; search?: string } & Partial<Omit<TreeQuery, "expanded" | "matches">> = {},
) {
  const { expanded = [], search = "", ...rest } = more;
  return treeRows({
    value,
    before: undefined,
    from: 0,
    count: 1000,
    matches: new StateSearch().find(value, search),
    ...rest,
    expanded: PathTree.of(expanded),
  });
}

const STATE: JsonValue = { topic: "tides", notes: [{ fact: "moon" }, { fact: "sun" }], "a/b": { "~": 1 } };

describe("rows of a state", () => {
  it("begin with the state itself and its children", () => {
    const { rows, total } = rowsOf(STATE);
    expect(rows.map(({ path, depth, key }) => [path, depth, key])).toEqual([
      ["", 0, "state"],
      ["/topic", 1, "topic"],
      ["/notes", 1, "notes"],
      ["/a~1b", 1, "a/b"],
    ]);
    expect(total).toBe(4);
    expect(rows[2]).toMatchObject({
      type: "array",
      childCount: 2,
      expanded: false,
      preview: '[{"fact":"moon"},{"fact":"sun"}]',
    });
  });

  it("hold the children of what is expanded", () => {
    expect(
      rowsOf(STATE, { expanded: ["/notes", "/notes/1", "/a~1b", "nonsense"] }).rows.map(({ path }) => path),
    ).toEqual(["", "/topic", "/notes", "/notes/0", "/notes/1", "/notes/1/fact", "/a~1b", "/a~1b/~0"]);
  });

  it("of a window are those of the whole", () => {
    fc.assert(
      fc.property(json, json, fc.nat(8), fc.nat(8), (value, before, from, count) => {
        const expanded = ["/0", "/a", "/0/0"];
        const whole = rowsOf(value, { before, expanded });
        const part = rowsOf(value, { before, expanded, from, count });
        expect(part.rows).toEqual(whole.rows.slice(from, from + count));
        expect(part.total).toBe(whole.total);
        expect(new Set(whole.rows.map(({ id }) => id)).size).toBe(whole.total);
      }),
    );
  });

  it("say what changed", () => {
    const before: JsonValue = {
      topic: "moon",
      notes: [{ fact: "moon" }, { fact: "sun" }, 3],
      gone: { deep: 1 },
    };
    const { rows } = rowsOf(STATE, { before, expanded: ["/notes"] });
    const marks = rows
      .filter(({ change }) => change !== null)
      .map(({ id, change, before: old }) => [id, change, old]);
    expect(marks).toEqual([
      ["", "changed", null],
      ["/topic", "changed", "moon"],
      ["/notes", "changed", null],
      ["-/notes/2", "removed", "3"],
      ["/a~1b", "added", null],
      ["-/gone", "removed", '{"deep":1}'],
    ]);
  });

  it("mark exactly what differs", () => {
    fc.assert(
      fc.property(json, json, (value, before) => {
        for (const row of rowsOf(value, { before }).rows) {
          if (row.change === "removed" || row.change === "added") continue;
          const path = parsePointer(row.path);
          const isEqual = jsonEqual(valueAt(value, path), valueAt(before, path));
          expect(row.change).toBe(isEqual ? null : "changed");
        }
      }),
    );
  });

  it("are opened on the way to a match", () => {
    const { rows } = rowsOf(STATE, { search: "SUN" });
    expect(rows.map(({ path, match }) => [path, match])).toEqual([
      ["", false],
      ["/topic", false],
      ["/notes", false],
      ["/notes/0", false],
      ["/notes/1", false],
      ["/notes/1/fact", true],
      ["/a~1b", false],
    ]);
  });

  it("stay cheap for a hundred thousand children", () => {
    const large = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key ${index}`, index]));
    const { rows, total } = rowsOf(large, { from: 50_000, count: 2 });
    expect([total, rows.map(({ key }) => key)]).toEqual([100_001, ["key 49999", "key 50000"]]);
  });
});
