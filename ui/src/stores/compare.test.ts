import { expect, it } from "vitest";
import { createFakeHistory } from "../testing/fake-history";
import { compareRuns } from "./compare";

const SIGNAL = new AbortController().signal;

function compare(left: object[], right: object[], hashed = true) {
  const history = Object.assign(createFakeHistory(), { hashed });
  history.runs.set("left", left as never);
  history.runs.set("right", right as never);
  return { history, answer: compareRuns(history, "left", "right", SIGNAL) };
}

const long = (from: number, count = 100) => Array.from({ length: count }, (_, n) => ({ n: from + n }));

it("finds the first step at which states differ, what differs, and who ran", async () => {
  const { history, answer } = compare(
    [{ a: 1 }, { a: 1, b: 1 }, { a: 2 }, ...long(0)],
    [{ a: 1 }, { a: 1, b: 1 }, { a: 3, c: 1 }, ...long(1)],
  );
  const { common, parting } = await answer;
  expect(common).toBe(2);
  expect(parting?.left).toMatchObject({ step: { sequence: "3" }, nodes: ["node after 2", "node before 3"] });
  expect(parting?.operations.map(({ op, path, before, after }) => [op, path, before, after])).toEqual([
    ["replace", "/a", "2", "3"],
    ["add", "/c", null, "1"],
  ]);
  expect(history.pages.count, "no more is read than it takes").toBe(4);
});

it("tells runs that are the same, and one that ends before the other", async () => {
  await expect(compare(long(0, 5), long(0, 5)).answer).resolves.toMatchObject({ common: 5, parting: null });
  const { common, parting } = await compare(long(0, 5), long(0, 3)).answer;
  expect(common).toBe(3);
  expect(parting?.right.step).toBeNull();
  expect(parting?.total).toBe(0);
});

it("leaves out checkpoints that repeat a state", async () => {
  const { history, answer } = compare([{ a: 1 }, { a: 2 }], [{ a: 1 }, { a: 2 }]);
  const { steps } = history;
  const [left] = (await steps("left", null, SIGNAL)).steps;
  history.steps = async (runId, from, signal) => {
    const page = await steps(runId, from, signal);
    const repeated = runId === "left" && left ? [left, { ...left, sequence: "1", repeats: true }] : [];
    return { ...page, steps: [...repeated, ...page.steps.slice(repeated.length > 0 ? 1 : 0)] };
  };
  await answer;
  await expect(compareRuns(history, "left", "right", SIGNAL)).resolves.toMatchObject({
    common: 2,
    parting: null,
  });
});

it("does not call states the same that nothing proves", async () => {
  await expect(compare(long(0, 2), long(0, 2), false).answer).resolves.toEqual({
    common: 0,
    parting: null,
    unproven: true,
  });
});
