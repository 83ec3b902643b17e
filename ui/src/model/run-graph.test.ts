import { describe, expect, it } from "vitest";
import { GOLDEN_RECORDS } from "../testing/golden-run";
import { RunModel } from "./run";
import type { GraphView, Moment } from "./views";

function graphOf(runId: string, moment: Moment = { kind: "live" }): GraphView {
  const run = new RunModel(runId);
  for (const record of GOLDEN_RECORDS) run.apply(record);
  const { length } = run.records;
  return run.graph.at(moment.kind === "step" ? run.steps.rowsThrough(moment.step, length) : length);
}

const nodeIn = (graph: GraphView, id: string) => graph.nodes.find((node) => node.id === id);
const edgeIn = (graph: GraphView, id: string) => graph.edges.find((edge) => edge.id === id);
const atStep = (step: number) => graphOf("run-1", { kind: "step", step });

describe("the graph of a run", () => {
  it("is done at its end, with visits, tries, calls and cache counted", () => {
    const graph = graphOf("run-1");
    expect(graph).toMatchObject({ graphId: "graph-1", name: "newsroom", status: "ok", hasSchema: true });
    expect(nodeIn(graph, "plan")).toMatchObject({ status: "done", executions: 2, llmCalls: 2, active: 0 });
    expect(nodeIn(graph, "research")).toMatchObject({ kind: "subgraph", executions: 4, done: 4 });
    expect(nodeIn(graph, "research:search")).toMatchObject({
      kind: "tools",
      parent: "research",
      executions: 4,
      done: 4,
      errors: 2,
      retries: 2,
      toolCalls: 6,
      lastError: "TimeoutError: no answer",
    });
    expect(nodeIn(graph, "write")).toMatchObject({ executions: 2, cached: 1, durationUs: 6_000 });
    expect(nodeIn(graph, "__end__")?.status).toBe("done");
  });

  it("counts the edges that were taken, with the width of a fan-out", () => {
    const graph = graphOf("run-1");
    expect(edgeIn(graph, "plan→research")).toMatchObject({ kind: "send", count: 2, width: 2, taken: true });
    expect(edgeIn(graph, "write→plan")).toMatchObject({ kind: "conditional", count: 1, lastTaken: true });
    expect(edgeIn(graph, "__start__→plan")).toMatchObject({ kind: "static", count: 1, lastTaken: false });
    expect(edgeIn(graph, "write→__end__")).toMatchObject({ count: 1, lastTaken: true });
    expect(edgeIn(graph, "research:__start__→research:search")).toMatchObject({
      taken: false,
      declared: true,
    });
  });

  it("is what it was at each step", () => {
    const statuses = (step: number) =>
      ["plan", "research", "write"].map((id) => nodeIn(atStep(step), id)?.status);
    expect(statuses(0)).toEqual(["idle", "idle", "idle"]);
    expect(statuses(1)).toEqual(["done", "idle", "idle"]);
    expect(statuses(2)).toEqual(["done", "done", "idle"]);
    expect(statuses(3)).toEqual(["done", "done", "done"]);
    expect(nodeIn(atStep(3), "plan")?.executions).toBe(1);
    expect([atStep(5).status, atStep(6).status]).toEqual(["running", "ok"]);
  });

  it("keeps its topology whatever the moment", () => {
    expect(new Set([0, 3, 6].map((step) => atStep(step).topology)).size).toBe(1);
  });

  it("draws what was seen beyond the structure, and what waits for a human", () => {
    const graph = graphOf("run-2");
    expect(graph).toMatchObject({ hasSchema: false, status: "interrupted" });
    expect(nodeIn(graph, "plan")).toMatchObject({
      status: "error",
      lastError: "ValueError: bad plan",
      declared: false,
    });
    expect(nodeIn(graph, "write")).toMatchObject({ status: "interrupted", observed: true });
  });
});
