import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventType } from "../protocol/gen/dashstream_pb";
import { RunRecords } from "../testing/run-records";
import { outputText } from "./llm-calls";
import { RunModel } from "./run";
import { RunAnswers } from "./run-answers";
import type { Moment } from "./views";

function answersOf(records: RunRecords): RunAnswers {
  const run = new RunModel("r");
  for (const record of records.records) run.apply(record);
  return new RunAnswers(run);
}

const LIVE: Moment = { kind: "live" };
const at = (sequence: number): Moment => ({ kind: "sequence", sequence: String(sequence) });
const CALL = { llmRequestId: "c1" };
const started = () =>
  new RunRecords().event(
    EventType.LLM_START,
    { nodeId: "n", attempt: 2 },
    { "llm.model": "m", "llm.provider": "p" },
    CALL,
  );

describe("a model call", () => {
  it("streams its text, and is done with its usage", () => {
    const usage = {
      "llm.prompt_tokens": 3,
      "llm.completion_tokens": 2,
      "llm.total_tokens": 5,
      "llm.finish_reason": "stop",
    };
    const answers = answersOf(
      started()
        .token("c1", 0, "one ")
        .token("c1", 1, "two")
        .event(EventType.LLM_END, {}, usage, { ...CALL, durationUs: 9n }),
    );
    expect(answers.llmCalls(at(0))).toEqual([]);
    expect(answers.llmCalls(at(1))).toMatchObject([
      { status: "running", textLength: 0, firstTokenUs: null, attempt: 2 },
    ]);
    expect(answers.llmCalls(at(2))).toMatchObject([
      { status: "running", textTail: "one ", firstTokenUs: 2000 },
    ]);
    expect(answers.llmCalls(LIVE)).toMatchObject([
      {
        id: "c1",
        model: "m",
        provider: "p",
        nodeId: "n",
        status: "done",
        textTail: "one two",
        textLength: 7,
        durationUs: 9,
        promptTokens: 3,
        completionTokens: 2,
        totalTokens: 5,
        finishReason: "stop",
        missingChunks: 0,
      },
    ]);
    expect(answers.llmCall("c1", at(2))?.text).toBe("one ");
    expect(answers.llmCall("c1", at(0))).toBeNull();
    expect(answers.llmCall("other", LIVE)).toBeNull();
  });

  it("puts chunks in the order of their index, and counts those that never came", () => {
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 1 });
    fc.assert(
      fc.property(order, (indices) => {
        const records = started();
        for (const index of indices) records.token("c1", index, String(index));
        const answers = answersOf(records);
        const [call] = answers.llmCalls(LIVE);
        const text = [...indices].sort((left, right) => left - right).join("");
        expect(answers.llmCall("c1", LIVE)?.text).toBe(text);
        expect(call).toMatchObject({
          textTail: text,
          textLength: text.length,
          missingChunks: Math.max(...indices) + 1 - indices.length,
        });
      }),
    );
  });

  it("fails with its error, or is stopped with the run", () => {
    const error = { "error.type": "RateLimit", "error.message": "slow down" };
    const failed = answersOf(started().event(EventType.LLM_ERROR, {}, error, CALL));
    expect(failed.llmCalls(LIVE)).toMatchObject([{ status: "error", error: "RateLimit: slow down" }]);
    const stopped = answersOf(started().event(EventType.GRAPH_END));
    expect(stopped.llmCalls(LIVE)).toMatchObject([{ status: "stopped", endUs: 2000, durationUs: 1000 }]);
    expect(stopped.llmCalls(at(1))).toMatchObject([{ status: "running" }]);
  });

  it("that was not streamed shows its answer", () => {
    const output = { "llm.output": '{"type":"ai","content":"whole"}' };
    const answers = answersOf(started().event(EventType.LLM_END, {}, output, CALL));
    expect(answers.llmCalls(LIVE)).toMatchObject([{ textTail: "whole", textLength: 5 }]);
    expect(answers.llmCalls(at(1))).toMatchObject([{ textTail: "" }]);
  });

  it("whose start never came is known by its tokens", () => {
    const answers = answersOf(new RunRecords().token("c1", 0, "text"));
    expect(answers.llmCalls(LIVE)).toMatchObject([{ id: "c1", status: "running", textTail: "text" }]);
    expect(answers.llmCall("c1", LIVE)).toMatchObject({ prompt: [], promptTruncated: true });
  });
});

describe("prompts", () => {
  const message = (content: string) => ({ type: "human", content });
  const start = (
    records: RunRecords,
    id: string,
    messages: unknown,
    more: Record<string, string | number | boolean> = {},
  ) =>
    records.event(
      EventType.LLM_START,
      {},
      { "llm.prompt": JSON.stringify(messages), ...more },
      { llmRequestId: id },
    );

  it("are put together from the calls that they build upon", () => {
    const records = new RunRecords();
    start(records, "a", [message("1"), message("2"), message("3")]);
    start(records, "b", [message("4")], { "llm.prompt_base": "a", "llm.prompt_base_count": 2 });
    start(records, "c", [message("5")], { "llm.prompt_base": "b", "llm.prompt_base_count": 3 });
    const detail = answersOf(records).llmCall("c", LIVE);
    expect(detail?.prompt.map(({ content }) => content)).toEqual(["1", "2", "4", "5"]);
    expect(detail).toMatchObject({ sharedMessages: 3, promptTruncated: false });
  });

  it("say when a part is not here", () => {
    const records = start(new RunRecords(), "b", [message("4")], {
      "llm.prompt_base": "a",
      "llm.prompt_base_count": 2,
    });
    expect(answersOf(records).llmCall("b", LIVE)).toMatchObject({
      promptTruncated: true,
      prompt: [{ content: "4" }],
    });
    const itself = start(new RunRecords(), "b", [message("4")], {
      "llm.prompt_base": "b",
      "llm.prompt_base_count": 2,
    });
    expect(answersOf(itself).llmCall("b", LIVE)?.promptTruncated).toBe(true);
  });

  it("show roles, tool calls, parts and plain texts", () => {
    const records = start(new RunRecords(), "a", [
      { type: "ai", content: "", tool_calls: [{ name: "search" }], name: "bot" },
      { role: "system", content: [{ type: "text", text: "x" }] },
      "plain",
      { question: 1 },
    ]);
    expect(answersOf(records).llmCall("a", LIVE)?.prompt).toMatchObject([
      { role: "assistant", name: "bot", content: "", toolCalls: expect.stringContaining("search") },
      { role: "system", content: expect.stringContaining('"text": "x"') },
      { role: "text", content: "plain" },
      { role: "text", content: expect.stringContaining("question") },
    ]);
  });
});

it("reads an answer whatever its form", () => {
  expect(outputText('"text"')).toBe("text");
  expect(outputText("{broken")).toBe("{broken");
  expect(outputText(null)).toBe("");
  expect(outputText('{"content":[1]}')).toContain("1");
});
