import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { LlmCall, LlmDetail } from "../../../stores/engine";
import { createFakeEngine } from "../../../testing/fake-engine";
import { summaryOf } from "../../../testing/frames";
import { scriptRun } from "../../../testing/scripted-run";
import { renderPane } from "../render-pane";
import { firstTokenLatency, speedText, tokensPerSecond, usageText } from "./llm-figures";
import { LlmPane } from "./llm-pane";

const call = (changes: Partial<LlmCall> = {}): LlmCall => ({
  ...(scriptRun().llmCalls[0] as LlmCall),
  ...changes,
});

const detail = (changes: Partial<LlmDetail> = {}): LlmDetail => ({
  call: call(),
  prompt: [{ role: "user", name: null, content: "Go on.", toolCalls: null }],
  promptTruncated: false,
  text: "",
  sharedMessages: 0,
  ...changes,
});

describe("the LLM pane", () => {
  it("shows the newest call until another is chosen", async () => {
    const { engine } = renderPane(LlmPane);
    const text = await screen.findByTestId("llm-text");
    expect(text.textContent).toBe(engine.run.texts.get("llm-2"));
    fireEvent.click(screen.getAllByTestId("call-row")[0] as HTMLElement);
    await waitFor(() =>
      expect(screen.getByTestId("llm-text").textContent).toBe(engine.run.texts.get("llm-0")),
    );
    fireEvent.click(screen.getByRole("button", { name: "Follow newest" }));
    await waitFor(() =>
      expect(screen.getByTestId("llm-text").textContent).toBe(engine.run.texts.get("llm-2")),
    );
  });

  it("moves by the keyboard", async () => {
    const { engine } = renderPane(LlmPane);
    await screen.findByTestId("llm-text");
    fireEvent.keyDown(screen.getByRole("listbox"), { key: "ArrowUp" });
    await waitFor(() =>
      expect(screen.getByTestId("llm-text").textContent).toBe(engine.run.texts.get("llm-1")),
    );
  });

  it("lets the text grow while it runs, and stays at the end only if it was there", async () => {
    let text = "Sentence";
    const running = call({ status: "running", endUs: null, durationUs: null });
    const { engine } = renderPane(LlmPane, {
      answers: {
        llmCalls: async () => [running],
        llmCall: async () => detail({ call: running, text }),
      },
    });
    const grow = (more: string) =>
      act(async () => {
        text += more;
        engine.push({});
      });
    await screen.findByText("Sentence");
    const sheet = screen.getByTestId("llm-detail");
    Object.defineProperty(sheet, "scrollHeight", { value: 2_000 });
    await grow(" one");
    expect(screen.getByTestId("llm-text").textContent).toBe("Sentence one");
    expect(sheet.scrollTop).toBe(2_000);
    sheet.scrollTop = 300;
    fireEvent.scroll(sheet);
    await grow(" of the draft");
    expect(screen.getByTestId("llm-text").textContent).toBe("Sentence one of the draft");
    expect(sheet.scrollTop).toBe(300);
  });

  it("folds the messages that an earlier call had", async () => {
    const prompt = ["first", "second", "third"].map((content) => ({
      role: "user",
      name: null,
      content,
      toolCalls: null,
    }));
    renderPane(LlmPane, { answers: { llmCall: async () => detail({ prompt, sharedMessages: 2 }) } });
    await screen.findByText("third");
    expect(screen.queryByText("first")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "2 messages as in an earlier call" }));
    expect(screen.getByText("first")).toBeTruthy();
  });

  it("says what is missing and what failed", async () => {
    const broken = call({ status: "error", error: "RateLimitError: 429", missingChunks: 2 });
    renderPane(LlmPane, {
      answers: {
        llmCalls: async () => [broken],
        llmCall: async () => detail({ call: broken, promptTruncated: true, prompt: [] }),
      },
    });
    expect(await screen.findByText("RateLimitError: 429")).toBeTruthy();
    expect(screen.getAllByText("2 pieces of the text never came").length).toBeGreaterThan(0);
    expect(await screen.findByText(/Not all of the prompt is here/)).toBeTruthy();
    expect(screen.getByTestId("llm-text").textContent).toBe("No text came.");
  });

  it("says which calls are not on the page, and does not call them later ones", async () => {
    const frame = { horizon: { sequence: "9000", step: 2 }, run: summaryOf({ llmCalls: 1_200 }) };
    renderPane(LlmPane, { engine: createFakeEngine({ frame }), answers: { llmCalls: async () => [] } });
    expect(await screen.findByText("No LLM call at this step")).toBeTruthy();
    expect(screen.getByText("The whole run made 1,200.")).toBeTruthy();
    expect(screen.getByTestId("horizon-note").textContent).toContain("Records before 9,000");
  });

  it("tells none yet at this step from none in the run", async () => {
    const engine = createFakeEngine();
    const pane = renderPane(LlmPane, { engine, moment: { kind: "step", step: 0 } });
    expect(await screen.findByText("No LLM call yet at this step")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Go to the newest moment" }));
    expect(pane.moment()).toEqual({ kind: "live" });
    pane.move({ kind: "step", step: 0 });
    engine.push({ run: summaryOf({ llmCalls: 0 }) });
    expect(await screen.findByText("This run made no LLM call")).toBeTruthy();
    engine.push({ run: summaryOf({ llmCalls: 0, status: "running" }) });
    expect(await screen.findByText("No LLM call yet")).toBeTruthy();
  });
});

describe("figures of a call", () => {
  it("counts the speed from the first token", () => {
    const timed = call({ startUs: 0, firstTokenUs: 500_000, endUs: 2_500_000, completionTokens: 100 });
    expect(tokensPerSecond(timed)).toBe(50);
    expect(speedText(timed)).toBe("50 tok/s");
    expect(firstTokenLatency(timed)).toBe(500_000);
  });

  it("says what usage was reported, and that none was", () => {
    expect(usageText(call({ promptTokens: 1_200, completionTokens: 34 }))).toBe("1,200 in, 34 out");
    expect(usageText(call({ promptTokens: 12, completionTokens: null }))).toBe("12 in, ? out");
    const none = { promptTokens: null, completionTokens: null };
    expect(usageText(call({ ...none, totalTokens: 9 }))).toBe("9 in all");
    expect(usageText(call({ ...none, totalTokens: null }))).toBe("not reported");
    expect(usageText(call({ ...none, totalTokens: null, status: "running" }))).toBe("not yet known");
  });

  it("has no speed without tokens, without time, or before the end", () => {
    expect(speedText(call({ completionTokens: null }))).toBe("–");
    expect(speedText(call({ endUs: null }))).toBe("–");
    expect(speedText(call({ startUs: 5, firstTokenUs: null, endUs: 5 }))).toBe("–");
    expect(firstTokenLatency(call({ firstTokenUs: null }))).toBeNull();
  });
});
