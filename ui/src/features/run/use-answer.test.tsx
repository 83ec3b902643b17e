import { act, renderHook } from "@testing-library/react";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { useAnswer } from "./use-answer";

/** Questions that the test answers by hand, in any order. */
function askable() {
  const open: { key: string; answer: (value: string) => void; fail: (error: Error) => void }[] = [];
  const hook = renderHook(
    ({ key }) =>
      useAnswer(
        key,
        () =>
          new Promise<string>((answer, fail) => {
            open.push({ key, answer, fail });
          }),
      ),
    { initialProps: { key: "a" } },
  );
  return {
    open,
    ask: (key: string) => hook.rerender({ key }),
    answer: () => hook.result.current,
    /** Answer the oldest open question with its own key. */
    reply: () => act(async () => open.shift()?.answer("")),
    replyWith: (value: string) => act(async () => open.shift()?.answer(value)),
    fail: (message: string) => act(async () => open.shift()?.fail(new Error(message))),
    unmount: hook.unmount,
  };
}

describe("useAnswer", () => {
  it("is unsettled and empty until the first answer", async () => {
    const asked = askable();
    expect(asked.answer()).toEqual({ value: null, settled: false, error: null });
    await asked.replyWith("one");
    expect(asked.answer()).toEqual({ value: "one", settled: true, error: null });
  });

  it("has one question in flight, and then asks the newest only", async () => {
    const asked = askable();
    asked.ask("b");
    asked.ask("c");
    expect(asked.open.map(({ key }) => key)).toEqual(["a"]);
    await asked.replyWith("of a");
    expect(asked.answer()).toMatchObject({ value: "of a", settled: false });
    expect(asked.open.map(({ key }) => key)).toEqual(["c"]);
    await asked.replyWith("of c");
    expect(asked.answer()).toMatchObject({ value: "of c", settled: true });
    expect(asked.open).toEqual([]);
  });

  it("keeps the older answer beside the cause of a failure, and recovers", async () => {
    const asked = askable();
    await asked.replyWith("of a");
    asked.ask("b");
    await asked.fail("the run was closed");
    expect(asked.answer()).toEqual({ value: "of a", settled: true, error: "the run was closed" });
    asked.ask("c");
    await asked.replyWith("of c");
    expect(asked.answer()).toEqual({ value: "of c", settled: true, error: null });
  });

  it("does not ask again for what is answered", async () => {
    const asked = askable();
    await asked.reply();
    asked.ask("a");
    expect(asked.open).toEqual([]);
  });

  it("asks nothing once it is gone", async () => {
    const asked = askable();
    asked.ask("b");
    asked.unmount();
    await asked.reply();
    expect(asked.open).toEqual([]);
  });

  it("ends settled on the newest question, whatever the order of questions and answers", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(fc.constantFrom("a", "b", "c"), { nil: null })), async (moves) => {
        const asked = askable();
        let newest = "a";
        for (const key of moves) {
          if (key === null) await asked.replyWith(asked.open[0]?.key ?? "");
          else {
            newest = key;
            asked.ask(key);
          }
          expect(asked.open.length).toBeLessThanOrEqual(1);
        }
        while (asked.open.length > 0) await asked.replyWith(asked.open[0]?.key ?? "");
        expect(asked.answer()).toEqual({ value: newest, settled: true, error: null });
        asked.unmount();
      }),
      { numRuns: 40 },
    );
  });
});
