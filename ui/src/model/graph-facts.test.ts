import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GraphFact, VisitGuard } from "./graph-facts";
import { GraphState, nodeStatus, UNTOUCHED } from "./graph-state";

const DONE = { outcome: "done", durationUs: 10, cached: false, error: null, willRetry: false } as const;
const FAILED = { ...DONE, outcome: "error", error: "no" } as const;

function conditionAfter(facts: readonly GraphFact[], node = "a") {
  const state = GraphState.empty();
  for (const fact of facts) state.apply(fact);
  return state.nodes.get(node) ?? UNTOUCHED;
}

describe("visits of a node", () => {
  it("run, fail, are tried again and are done", () => {
    const guard = new VisitGuard();
    const facts = [...guard.start("a", "v1", 1, 100)];
    expect(nodeStatus(conditionAfter(facts))).toBe("running");
    facts.push(...guard.end("a", "v1", 1, 110, { ...FAILED, willRetry: true }));
    expect(nodeStatus(conditionAfter(facts))).toBe("retrying");
    facts.push(...guard.start("a", "v1", 2, 120));
    expect(nodeStatus(conditionAfter(facts))).toBe("running");
    facts.push(...guard.end("a", "v1", 2, 140, { ...DONE, durationUs: 0 }));
    expect(conditionAfter(facts)).toMatchObject({
      executions: 1,
      retries: 1,
      attempt: 2,
      running: 0,
      retrying: 0,
      done: 1,
      errors: 1,
      durationUs: 30,
      lastError: "no",
    });
    expect(nodeStatus(conditionAfter(facts))).toBe("done");
  });

  it("never go back: what is repeated, late or older is no fact", () => {
    const guard = new VisitGuard();
    guard.start("a", "v1", 2, 100);
    guard.end("a", "v1", 2, 110, DONE);
    expect(guard.start("a", "v1", 1, 120)).toEqual([]);
    expect(guard.start("a", "v1", 2, 120)).toEqual([]);
    expect(guard.end("a", "v1", 1, 120, FAILED)).toEqual([]);
    expect(guard.end("a", "v1", 2, 120, FAILED)).toEqual([]);
  });

  it("that were never seen to start count from their end", () => {
    const facts = new VisitGuard().end("a", "v1", 1, 110, DONE);
    expect(conditionAfter(facts)).toMatchObject({ executions: 1, done: 1, running: 0, lastStartUs: 100 });
  });

  it("without a name are told apart by their order", () => {
    const guard = new VisitGuard();
    const facts = [
      ...guard.start("a", "", 1, 100),
      ...guard.start("a", "", 1, 101),
      ...guard.end("a", "", 1, 110, DONE),
      ...guard.end("a", "", 1, 111, FAILED),
    ];
    expect(conditionAfter(facts)).toMatchObject({ executions: 2, done: 1, errors: 1, running: 0 });
  });

  it("that are open when the run ends were stopped, or interrupted with the node inside that waits", () => {
    const guard = new VisitGuard();
    const facts = [
      ...guard.start("outer", "v1", 1, 100),
      ...guard.start("other", "v2", 1, 100),
      ...guard.start("outer:inner", "v3", 1, 100),
      ...guard.end("outer:inner", "v3", 1, 110, { ...DONE, outcome: "interrupted" }),
      ...guard.finish(new Set(["outer:inner"])),
    ];
    const statusOf = (node: string) => nodeStatus(conditionAfter(facts, node));
    expect(["outer", "other", "outer:inner"].map(statusOf)).toEqual([
      "interrupted",
      "stopped",
      "interrupted",
    ]);
    expect(guard.start("outer", "v9", 1, 200)).toEqual([]);
  });

  it("add up, whatever comes in whatever order", () => {
    const said = fc.tuple(
      fc.constantFrom("start", "done", "retry", "fail"),
      fc.constantFrom("v1", "v2", ""),
      fc.nat(3),
    );
    fc.assert(
      fc.property(fc.array(said, { maxLength: 60 }), (saids) => {
        const guard = new VisitGuard();
        const facts: GraphFact[] = [];
        saids.forEach(([what, visit, attempt], at) => {
          if (what === "start") facts.push(...guard.start("a", visit, attempt, at));
          else if (what === "done") facts.push(...guard.end("a", visit, attempt, at, DONE));
          else facts.push(...guard.end("a", visit, attempt, at, { ...FAILED, willRetry: what === "retry" }));
          const { running, retrying, executions } = conditionAfter(facts);
          expect(running).toBeGreaterThanOrEqual(0);
          expect(retrying).toBeGreaterThanOrEqual(0);
          expect(running + retrying).toBeLessThanOrEqual(executions);
        });
        facts.push(...guard.finish(new Set()));
        expect(conditionAfter(facts)).toMatchObject({ running: 0, retrying: 0 });
      }),
    );
  });
});
