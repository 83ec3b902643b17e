import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Box, LayoutEdge, LayoutNode } from "../../../stores/layout";
import { layeredLayout } from "./layered-layout";

const node = (id: string, changes: Partial<LayoutNode> = {}): LayoutNode => ({
  id,
  parent: null,
  width: 200,
  height: 58,
  place: null,
  ...changes,
});
const edge = (source: string, target: string): LayoutEdge => ({
  id: `${source}->${target}`,
  source,
  target,
  labelWidth: 0,
});
const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const inside = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

describe("the layered layout", () => {
  it("puts each node below what leads to it, and the end last", () => {
    const { boxes } = layeredLayout({
      nodes: [node("end", { place: "last" }), node("a"), node("b"), node("c")],
      edges: [edge("a", "b"), edge("a", "end"), edge("b", "c"), edge("c", "end")],
    });
    const heights = ["a", "b", "c", "end"].map((id) => boxes.get(id)?.y ?? Number.NaN);
    expect(heights).toEqual([...heights].sort((left, right) => left - right));
    expect(new Set(heights).size).toBe(4);
  });

  it("lays out what is only cycles", () => {
    const { boxes } = layeredLayout({
      nodes: [node("a"), node("b")],
      edges: [edge("a", "b"), edge("b", "a"), edge("a", "a")],
    });
    expect(boxes.get("a")?.y).toBeLessThan(boxes.get("b")?.y ?? 0);
  });

  it("puts what lies in a subgraph into its frame", () => {
    const { boxes } = layeredLayout({
      nodes: [node("sub"), node("in", { parent: "sub" }), node("deep", { parent: "in" }), node("after")],
      edges: [edge("deep", "after")],
    });
    const box = (id: string) => boxes.get(id) as Box;
    expect(inside(box("in"), box("sub"))).toBe(true);
    expect(inside(box("deep"), box("in"))).toBe(true);
    expect(box("after").y).toBeGreaterThanOrEqual(box("sub").y + box("sub").height);
  });

  it("places every node of any graph once, and siblings never overlap", () => {
    const graphs = fc.integer({ min: 1, max: 30 }).chain((size) =>
      fc.record({
        // A parent comes before what lies in it, so that there is no cycle of parents.
        parents: fc.array(fc.integer({ min: -1, max: size - 1 }), { minLength: size, maxLength: size }),
        edges: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1))),
      }),
    );
    fc.assert(
      fc.property(graphs, ({ parents, edges }) => {
        const nodes = parents.map((parent, at) =>
          node(`n${at}`, { parent: parent < 0 || parent >= at ? null : `n${parent}` }),
        );
        const { boxes } = layeredLayout({ nodes, edges: edges.map(([a, b]) => edge(`n${a}`, `n${b}`)) });
        expect([...boxes.keys()].sort()).toEqual(nodes.map(({ id }) => id).sort());
        for (const [at, one] of nodes.entries()) {
          for (const other of nodes.slice(at + 1)) {
            if (one.parent !== other.parent) continue;
            expect(overlap(boxes.get(one.id) as Box, boxes.get(other.id) as Box)).toBe(false);
          }
        }
      }),
    );
  });

  it("takes a thousand nodes at once", () => {
    const nodes = Array.from({ length: 1_000 }, (_, at) => node(`n${at}`));
    const { boxes } = layeredLayout({
      nodes,
      edges: nodes.slice(1).map(({ id }, at) => edge(`n${Math.floor(at / 3)}`, id)),
    });
    expect(boxes.size).toBe(1_000);
  });
});
