import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GraphLayout, LayoutInput, LayoutNode } from "../stores/layout";
import { stylesFor } from "./elk-graph";
import { createElkLayouter } from "./layout";

const node = (id: string, changes: Partial<LayoutNode> = {}): LayoutNode => ({
  id,
  parent: null,
  width: 200,
  height: 58,
  place: null,
  ...changes,
});

const boundsOf = ({ boxes }: GraphLayout) => ({
  width: Math.max(...[...boxes.values()].map(({ x, width }) => x + width)),
  height: Math.max(...[...boxes.values()].map(({ y, height }) => y + height)),
});

const edge = (source: string, target: string, labelWidth = 0) => ({
  id: `${source}->${target}`,
  source,
  target,
  labelWidth,
});

const LOOP: LayoutInput = {
  nodes: [
    node("start", { place: "first", height: 28 }),
    node("write"),
    node("team"),
    node("judge", { parent: "team" }),
    node("end", { place: "last", height: 28 }),
  ],
  edges: [
    edge("start", "write"),
    edge("write", "judge"),
    edge("judge", "write", 80),
    edge("judge", "end"),
    edge("write", "write"),
  ],
};

/** elk's own stand-in for a worker: the real layout, in this thread. */
async function elkInThisThread(): Promise<void> {
  const elk: unknown = await import("elkjs/lib/elk-worker.js");
  vi.stubGlobal("Worker", (elk as { Worker: typeof Worker }).Worker);
}

afterEach(() => vi.unstubAllGlobals());

describe("the elk layouter", () => {
  it("reads from top to bottom, with loops going back up and everything routed", async () => {
    await elkInThisThread();
    const [{ boxes, routes }] = await createElkLayouter(30_000).layout(LOOP);
    const box = (id: string) => boxes.get(id) ?? { x: Number.NaN, y: Number.NaN, width: 0, height: 0 };
    const order = ["start", "write", "judge", "end"].map((id) => box(id).y);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect([...routes.keys()].sort()).toEqual(LOOP.edges.map(({ id }) => id).sort());
    expect(routes.get("judge->write")?.label).not.toBeNull();
    expect(routes.get("start->write")?.label).toBeNull();
  });

  it("gives all coordinates one origin, also inside of a subgraph", async () => {
    await elkInThisThread();
    const [{ boxes, routes }] = await createElkLayouter(30_000).layout(LOOP);
    const [team, judge] = [boxes.get("team"), boxes.get("judge")];
    if (!team || !judge) throw new Error("both have a place");
    expect(judge.x).toBeGreaterThan(team.x);
    expect(judge.y + judge.height).toBeLessThan(team.y + team.height);
    const end = routes.get("write->judge")?.points.at(-1);
    expect(end?.y).toBeCloseTo(judge.y);
    expect(end?.x).toBeGreaterThan(judge.x);
    expect(end?.x).toBeLessThan(judge.x + judge.width);
  });

  it("offers a column, a line, and lines that wrap, each with every node and edge, and always the same", async () => {
    await elkInThisThread();
    const layouter = createElkLayouter(30_000);
    const chain = Array.from({ length: 9 }, (_, at) => node(`n${at}`));
    const flat = { nodes: chain, edges: chain.slice(1).map(({ id }, at) => edge(`n${at}`, id)) };
    const nested = {
      nodes: [...flat.nodes, node("a", { parent: "n4" }), node("b", { parent: "n4" })],
      edges: [...flat.edges, edge("a", "b")],
    };
    for (const [input, least] of [
      [flat, 3],
      [nested, 5],
    ] as const) {
      const choices = await layouter.layout(input);
      expect(choices).toHaveLength(least);
      for (const { boxes, routes } of choices) {
        expect([...boxes.keys()].sort()).toEqual(input.nodes.map(({ id }) => id).sort());
        expect([...routes.keys()].sort()).toEqual(input.edges.map(({ id }) => id).sort());
      }
      const [column, line] = choices.map((choice) => boundsOf(choice));
      const wrapped = boundsOf(choices.at(-1) ?? choices[0]);
      expect(column?.height).toBeGreaterThan(wrapped.height);
      expect(line?.width).toBeGreaterThan(wrapped.width);
      expect(await layouter.layout(input)).toEqual(choices);
    }
  });

  it("keeps its one simple style for a graph of many nodes", () => {
    const nodes = Array.from({ length: 121 }, (_, at) => node(`n${at}`));
    expect(stylesFor({ nodes, edges: [] })).toHaveLength(1);
  });

  describe("with a worker that hangs", () => {
    const workers: { ended: boolean }[] = [];

    beforeEach(() => {
      workers.length = 0;
      vi.useFakeTimers();
      vi.stubGlobal(
        "Worker",
        class {
          ended = false;
          onmessage: unknown = null;
          constructor() {
            workers.push(this);
          }
          postMessage(): void {
            // It takes the work and never answers.
          }
          terminate(): void {
            this.ended = true;
          }
        },
      );
    });
    afterEach(() => vi.useRealTimers());

    it("starts no worker while the page shows what its address names, and one before a graph asks", async () => {
      const layouter = createElkLayouter(2_000);
      await vi.advanceTimersByTimeAsync(999);
      expect(workers).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(workers).toHaveLength(1);
      const first = expect(layouter.layout(LOOP)).rejects.toThrow();
      await vi.advanceTimersByTimeAsync(2_000);
      await first;
      expect(workers).toHaveLength(1);
    });

    it("starts the worker at once for a graph that asks earlier, and no other later", async () => {
      const layouter = createElkLayouter(2_000);
      const first = expect(layouter.layout(LOOP)).rejects.toThrow();
      expect(workers).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(2_000);
      await first;
      expect(workers).toHaveLength(1);
    });

    it("rejects at the deadline, ends the worker, and starts another for the next graph", async () => {
      const layouter = createElkLayouter(2_000);
      const first = expect(layouter.layout(LOOP)).rejects.toThrow("no layout within 2000 ms");
      await vi.advanceTimersByTimeAsync(1_999);
      expect(workers).toEqual([expect.objectContaining({ ended: false })]);
      await vi.advanceTimersByTimeAsync(1);
      await first;
      expect(workers[0]?.ended).toBe(true);
      const second = expect(layouter.layout(LOOP)).rejects.toThrow();
      expect(workers).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(2_000);
      await second;
    });
  });
});
