import { fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { ToolCall } from "../../../stores/engine";
import { createFakeEngine } from "../../../testing/fake-engine";
import { summaryOf } from "../../../testing/frames";
import { scriptRun } from "../../../testing/scripted-run";
import { renderPane } from "../render-pane";
import { ToolsPane } from "./tools-pane";

const call = (changes: Partial<ToolCall> = {}): ToolCall => ({
  ...(scriptRun().toolCalls[0] as ToolCall),
  ...changes,
});

const withCall = (changes: Partial<ToolCall>) =>
  renderPane(ToolsPane, { answers: { toolCalls: async () => [call(changes)] } });

describe("the tools pane", () => {
  it("shows arguments and result indented", async () => {
    renderPane(ToolsPane);
    expect((await screen.findByTestId("tool-arguments")).textContent).toBe(
      '{\n  "query": "wind",\n  "limit": 5\n}',
    );
    expect(screen.getByTestId("tool-result").textContent).toContain("What is known of the wind.");
    fireEvent.click(screen.getAllByTestId("call-row")[0] as HTMLElement);
    await waitFor(() => expect(screen.getByTestId("tool-arguments").textContent).toContain("moon"));
  });

  it("keeps all digits of large integers", async () => {
    withCall({ arguments: '{"id":9007199254740993}' });
    expect((await screen.findByTestId("tool-arguments")).textContent).toContain("9007199254740993");
  });

  it("shows a text that is not JSON as it is", async () => {
    withCall({ result: '{"cut": "by the prod' });
    expect((await screen.findByTestId("tool-result")).textContent).toBe('{"cut": "by the prod');
  });

  it("shows the beginning of a long result first, and more on demand", async () => {
    withCall({ result: "x".repeat(150_000) });
    const result = await screen.findByTestId("tool-result");
    expect(result.textContent).toHaveLength(4_000);
    fireEvent.click(screen.getByRole("button", { name: "Show 96,000 more characters" }));
    expect(result.textContent).toHaveLength(100_000);
    expect(screen.getByText(/50,000 more characters/)).toBeTruthy();
  });

  it("shows the error and the try of a failed call, and no empty result", async () => {
    withCall({ status: "error", error: "TimeoutError: 30 s", result: null, attempt: 3 });
    expect(await screen.findByText("TimeoutError: 30 s")).toBeTruthy();
    expect(screen.getByText("Try 3")).toBeTruthy();
    expect(screen.queryByText("Result")).toBeNull();
  });

  it("says that a running call has not answered", async () => {
    withCall({ status: "running", result: null, endUs: null, durationUs: null });
    expect(await screen.findByText("The tool has not answered yet.")).toBeTruthy();
  });

  it("tells none yet from none in the run", async () => {
    const engine = createFakeEngine({ run: { ...scriptRun(), toolCalls: [] } });
    renderPane(ToolsPane, { engine, moment: { kind: "step", step: 0 } });
    expect(await screen.findByText("No tool call yet at this step")).toBeTruthy();
    engine.push({ run: summaryOf({ toolCalls: 0 }) });
    expect(await screen.findByText("This run made no tool call")).toBeTruthy();
  });
});
