import { describe, expect, it } from "vitest";
import { GOLDEN_RECORDS } from "../testing/golden-run";
import { RunModel } from "./run";
import { RunAnswers } from "./run-answers";
import type { Moment, StateQuery } from "./views";

const run = new RunModel("run-1");
for (const record of GOLDEN_RECORDS) run.apply(record);
const answers = new RunAnswers(run);

const LIVE: Moment = { kind: "live" };
const step = (number: number): Moment => ({ kind: "step", step: number });
const rows = (query: Partial<StateQuery>) =>
  answers.stateRows({ moment: LIVE, ns: "", expanded: [], from: 0, count: 100, compare: null, ...query });
const namespaces = run.summaryView()?.namespaces ?? [];

describe("states", () => {
  it("show what the step changed", () => {
    const changed = rows({ moment: step(1), compare: "previous" }).rows.filter(
      ({ change }) => change !== null,
    );
    expect(changed.map(({ path, change }) => [path, change])).toEqual([
      ["", "changed"],
      ["/plan", "added"],
    ]);
    const back = rows({ moment: step(0), compare: LIVE }).rows.filter(({ change }) => change === "removed");
    expect(back.map(({ id }) => id)).toEqual(["-/plan"]);
  });

  it("say where they stand", () => {
    expect(rows({ moment: step(2) })).toMatchObject({
      step: 2,
      superstep: "2",
      verification: "verified",
      problem: null,
    });
    expect(rows({ moment: { kind: "sequence", sequence: "1" } })).toMatchObject({
      step: null,
      verification: "none",
      rows: [],
    });
    expect(rows({ ns: "nowhere" })).toMatchObject({ step: null, verification: "none" });
  });

  it("of a subgraph are told in the steps of the root", () => {
    expect(namespaces[0]).toBe("");
    const ns = namespaces.find((name) => name.includes("task-2-1")) as string;
    expect(rows({ ns, compare: "previous" })).toMatchObject({ step: 4, superstep: "0" });
    expect(rows({ ns, moment: step(2) })).toMatchObject({ verification: "none" });
    expect(answers.blame({ moment: LIVE, ns, path: "/facts", limit: 9 })).toMatchObject([
      { step: 4, value: '["a","b"]' },
    ]);
  });
});

describe("differences", () => {
  it("lead from any moment to any other", () => {
    expect(answers.diffAt({ moment: step(1), against: "previous", ns: "", limit: 9 })).toEqual({
      operations: [{ op: "add", path: "/plan", before: null, after: '["moon"]' }],
      total: 1,
      fromStep: 0,
      toStep: 1,
    });
    const whole = answers.diffAt({ moment: LIVE, against: step(0), ns: "", limit: 2 });
    expect(whole).toMatchObject({ fromStep: 0, toStep: 6 });
    expect(whole.operations).toHaveLength(2);
    expect(whole.total).toBeGreaterThan(2);
    expect(answers.diffAt({ moment: step(0), against: "previous", ns: "", limit: 2 })).toMatchObject({
      fromStep: null,
      toStep: 0,
    });
  });
});

describe("values", () => {
  it("are JSON text of any place, exact beyond 2^53", () => {
    expect(answers.valueAt(LIVE, "", "/big")).toBe("9007199254740993");
    expect(answers.valueAt(LIVE, "", "/notes/0/facts")).toBe('[\n  "a",\n  "b"\n]');
    expect(answers.valueAt(LIVE, "", "/nothing/there")).toBeNull();
    expect(answers.valueAt(LIVE, "", "no pointer")).toBeNull();
  });

  it("are blamed on the steps and nodes that set them", () => {
    const plan = answers.blame({ moment: LIVE, ns: "", path: "/plan", limit: 9 });
    expect(plan.map(({ step: at, nodes, value }) => [at, nodes, value])).toEqual([
      [4, ["plan"], '["moon","sun"]'],
      [1, ["plan"], '["moon"]'],
    ]);
    expect(answers.blame({ moment: step(3), ns: "", path: "/plan", limit: 9 })).toHaveLength(1);
    expect(answers.blame({ moment: LIVE, ns: "", path: "broken", limit: 9 })).toEqual([]);
  });
});

describe("moments", () => {
  it("fall into steps", () => {
    const stepsOf = [LIVE, step(3), step(99), step(-1), { kind: "sequence", sequence: "x" } as const].map(
      (moment) => answers.stepOf(moment),
    );
    expect(stepsOf).toEqual([6, 3, 6, null, null]);
  });
});

it("shows the whole time line: steps with their nodes, spans of nodes, models and tools", () => {
  const view = answers.timeline({ fromUs: null, toUs: null, limit: 1_000 });
  expect(view.totalSteps).toBe(7);
  expect(view.steps.map(({ nodes }) => nodes)).toEqual([
    [],
    ["plan"],
    ["research"],
    ["write"],
    ["plan"],
    ["research"],
    ["write"],
  ]);
  const kinds = view.spans.map(({ kind, status }) => `${kind} ${status}`);
  expect(kinds.filter((kind) => kind === "node error")).toHaveLength(2);
  expect(kinds.filter((kind) => kind === "llm done")).toHaveLength(2);
  expect(kinds.filter((kind) => kind.startsWith("tool"))).toHaveLength(6);
  expect(view.spans.filter(({ cached }) => cached)).toHaveLength(1);
});
