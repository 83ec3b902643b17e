import { expect, it } from "vitest";
import { GraphState, nodeStatus, UNTOUCHED } from "./graph-state";

const edge = (id: string, width = 1) =>
  ({ kind: "edge", edge: id, target: "b", width, way: "send" }) as const;
const visit = (id: number) => ({ kind: "visit", node: "b", visit: id, timestampUs: 5 }) as const;

it("knows which edges led to the newest visit", () => {
  const state = GraphState.empty();
  state.apply(edge("a→b", 3));
  state.apply(edge("c→b"));
  state.apply(visit(0));
  state.apply(visit(1));
  expect(state.nodes.get("b")?.ledBy).toEqual(["a→b", "c→b"]);
  state.apply(edge("c→b"));
  expect(state.nodes.get("b")?.ledBy).toEqual(["a→b", "c→b"]);
  state.apply(visit(2));
  expect(state.nodes.get("b")?.ledBy).toEqual(["c→b"]);
  expect(state.edges.get("a→b")).toEqual({ count: 1, width: 3, way: "send" });
  expect(state.edges.get("c→b")).toEqual({ count: 2, width: 1, way: "send" });
});

it("is not changed by what happens to its copy", () => {
  const state = GraphState.empty();
  state.apply(visit(0));
  const copy = state.copy();
  copy.apply(visit(1));
  copy.apply({ kind: "status", status: "ok" });
  expect([state.nodes.get("b")?.executions, copy.nodes.get("b")?.executions]).toEqual([1, 2]);
  expect([state.status, copy.status]).toEqual(["unknown", "ok"]);
});

it("says what a node does, the liveliest visit first", () => {
  const statusOf = (more: Partial<typeof UNTOUCHED>) => nodeStatus({ ...UNTOUCHED, ...more });
  expect(statusOf({})).toBe("idle");
  expect(statusOf({ lastOutcome: "done" })).toBe("done");
  expect(statusOf({ lastOutcome: "error", running: 1, retrying: 1 })).toBe("running");
  expect(statusOf({ lastOutcome: "error", retrying: 1 })).toBe("retrying");
  expect(statusOf({ lastOutcome: "done", isWaiting: true })).toBe("interrupted");
});
