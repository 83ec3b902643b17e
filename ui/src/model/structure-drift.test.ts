import { describe, expect, it } from "vitest";
import { driftOf, type GraphStructure } from "./structure-drift";

const node = (id: string, kind = "node", parent = "") => ({ id, name: id, kind, parent });
const edge = (source: string, target: string, conditional = false, label = "") => ({
  source,
  target,
  conditional,
  label,
});
const EXPECTED: GraphStructure = {
  nodes: [node("a"), node("b"), node("c")],
  edges: [edge("a", "b"), edge("b", "c", true), edge("b", "c", true, "again")],
};

describe("the drift of a structure", () => {
  it("is nothing where both are the same, in whatever order", () => {
    const same = { nodes: EXPECTED.nodes.toReversed(), edges: EXPECTED.edges.toReversed() };
    expect(driftOf(EXPECTED, same).differences).toBe(0);
  });

  it("marks what was added, removed and changed, and says what changed", () => {
    const observed: GraphStructure = {
      nodes: [node("a", "tools"), node("b", "node", "a"), node("d")],
      edges: [edge("a", "b", true), edge("b", "c", true), edge("b", "d")],
    };
    const drift = driftOf(EXPECTED, observed);
    expect(drift.nodes.map(({ key, mark, changes }) => [key, mark, changes])).toEqual([
      ["a", "changed", ["kind: node → tools"]],
      ["b", "changed", ["subgraph: none → a"]],
      ["d", "added", []],
      ["c", "removed", []],
    ]);
    expect(drift.edges.map(({ key, mark, changes }) => [key, mark, changes])).toEqual([
      ["a→b ", "changed", ["follows: always → conditional"]],
      ["b→c ", "same", []],
      ["b→d ", "added", []],
      ["b→c again", "removed", []],
    ]);
    expect(drift.differences).toBe(7);
  });
});
