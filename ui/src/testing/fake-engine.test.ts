import { describe, expect, it } from "vitest";
import { createFakeEngine } from "./fake-engine";

describe("the fake engine", () => {
  it("answers about the step that is asked for", async () => {
    const engine = createFakeEngine();
    expect(engine.frame().steps).toBe(8);
    const rows = await engine.stateRows({
      moment: { kind: "step", step: 2 },
      ns: "",
      expanded: ["/drafts"],
      from: 0,
      count: 50,
      compare: "previous",
    });
    expect(rows.step).toBe(2);
    expect(rows.rows.find(({ path }) => path === "/drafts/0")?.change).toBe("added");
    expect(rows.rows.find(({ path }) => path === "/topic")?.change).toBeNull();
  });

  it("tells every listener of what is pushed, and a new one at once", () => {
    const engine = createFakeEngine();
    const seen: number[] = [];
    const stop = engine.onFrame((frame) => seen.push(frame.steps));
    engine.push({ steps: 3 });
    stop();
    engine.push({ steps: 4 });
    expect(seen).toEqual([8, 3]);
  });

  it("shows the graph with the next node running while the run goes on", async () => {
    const graph = await createFakeEngine().graphAt({ kind: "step", step: 1 });
    expect(graph.nodes.find(({ id }) => id === "write")?.status).toBe("running");
    expect(graph.nodes.find(({ id }) => id === "research")?.status).toBe("done");
  });
});
