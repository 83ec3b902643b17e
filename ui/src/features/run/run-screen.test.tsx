// What is fetched when it is shown is here already, so that no test waits for it.
import "./graph/graph-pane";
import { act, cleanup, configure, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import type { RunFrame } from "../../stores/engine";
import { createRunView } from "../../stores/run-view";
import { useFrame } from "../../stores/use-frame";
import { createFakeEngine, type FakeEngine } from "../../testing/fake-engine";
import { createFakeServices } from "../../testing/fake-services";
import { connectionOf, receiptOf, summaryOf } from "../../testing/frames";
import { renderPage } from "../../testing/render-page";
import { RunScreen } from "./run-screen";

configure({ asyncUtilTimeout: 5000 });

function show(changes: Partial<RunFrame> = {}, search = "", resumedBy: string | null = null) {
  const engine = createFakeEngine({ frame: changes });
  const services = createFakeServices({ engine });
  const put = vi.fn();
  const view = createRunView(search, { put });
  renderPage(<Screen engine={engine} view={view} resumedBy={resumedBy} />, services);
  return { engine, view, put, services };
}

interface ScreenProps {
  engine: FakeEngine;
  view: ReturnType<typeof createRunView>;
  resumedBy: string | null;
}

function Screen({ engine, view, resumedBy }: ScreenProps) {
  const frame = useFrame(engine);
  return (
    frame && <RunScreen engine={engine} frame={frame} view={view} resumedBy={resumedBy} onExport={null} />
  );
}

describe("the page of a run", () => {
  it("shows node and filter of its address", async () => {
    show({}, "?tab=events&node=write&kind=state_diff&q=round");
    expect((await screen.findByTestId("explain-node")).textContent).toContain("write");
    expect((screen.getByRole("searchbox", { name: /events|records/i }) as HTMLInputElement).value).toBe(
      "round",
    );
  });

  it("looks in the state for what its address says, and writes what is looked for", async () => {
    const { put } = show({}, "?tab=state&find=round");
    const field = (await screen.findByTestId("state-search")) as HTMLInputElement;
    expect(field.value).toBe("round");
    fireEvent.change(field, { target: { value: "draft" } });
    expect(put).toHaveBeenLastCalledWith("?tab=state&find=draft");
  });

  it("shows the oldest step that is on the page for one before it", async () => {
    show({ horizon: { sequence: "20", step: 3 } }, "?step=1");
    const playhead = await screen.findByTestId("playhead");
    expect([playhead.dataset.step, playhead.getAttribute("aria-valuemin")]).toEqual(["3", "3"]);
    expect((screen.getByTestId("step-prev") as HTMLButtonElement).disabled).toBe(true);
    fireEvent.keyDown(playhead, { key: "ArrowRight" });
    fireEvent.keyDown(playhead, { key: "Home" });
    expect(playhead.dataset.step).toBe("3");
    expect((screen.getByRole("button", { name: "Critical path" }) as HTMLButtonElement).disabled).toBe(true);
  });

  it("copies a link to what is shown, at the step that is shown, without a token", async () => {
    const { services, engine } = show({}, "?tab=tools&path=%2Fround");
    const step = (await screen.findByTestId("playhead")).dataset.step;
    await act(
      async () => void fireEvent.click(screen.getByRole("button", { name: "Copy a link to this moment" })),
    );
    expect(services.clipboard).toEqual([
      `${location.origin}/runs/${engine.frame().openId}?step=${step}&tab=tools&path=%2Fround`,
    ]);
    expect(await screen.findByText(`Copied a link to step ${step}`)).toBeTruthy();
  });

  it("does not claim a whole number while part of the run is unread", () => {
    show({ unread: { from: "7", to: "9" } });
    expect(screen.getByRole("tab", { name: /LLM/ }).textContent).toBe("LLM5+");
    cleanup();
    show({});
    expect(screen.getByRole("tab", { name: /LLM/ }).textContent).toBe("LLM5");
  });

  it("shows the moment and tab of its address, and writes what changes", async () => {
    const { put } = show({}, "?step=3&tab=tools");
    const head = await screen.findByTestId("playhead");
    expect(head.dataset.step).toBe("3");
    expect(screen.getByRole("tab", { selected: true }).textContent).toContain("Tools");
    fireEvent.click(screen.getByTestId("step-next"));
    expect(put).toHaveBeenLastCalledWith("?step=4&tab=tools");
    fireEvent.click(screen.getByTestId("live-button"));
    expect(put).toHaveBeenLastCalledWith("?tab=tools");
  });

  it("follows the address back and forth", async () => {
    const { view } = show();
    act(() => view.follow("?step=2"));
    expect((await screen.findByTestId("playhead")).dataset.step).toBe("2");
  });

  it("finds the step of a sequence", async () => {
    show({}, "?seq=1");
    await waitFor(() => expect(screen.getByTestId("playhead").dataset.step).toBe("-1"));
  });

  it("waits at a step that has not arrived yet", () => {
    const { engine } = show({ steps: 2 }, "?step=5");
    expect(screen.getByTestId("playhead").dataset.step).toBe("1");
    act(() => engine.push({ steps: 8 }));
    expect(screen.getByTestId("playhead").dataset.step).toBe("5");
  });

  it("names both versions of a mismatch and offers the way out", () => {
    const { engine } = show({ mismatch: { expected: 2, seen: 3, partition: 0, offset: "1041" } });
    const banner = screen.getByTestId("mismatch-banner");
    expect(banner.textContent).toMatch(/version 3 .* version 2/);
    expect(banner.textContent).toContain("offset 1041");
    fireEvent.click(screen.getByText("Reset and go on"));
    expect(engine.asked).toContain("resolveMismatch");
  });

  it("says why the connection is closed, and tries again when asked", () => {
    const { engine } = show({
      connection: connectionOf({
        phase: "closed",
        reason: "The gateway refused this page's request",
        remedy: "Reload the page.",
      }),
    });
    expect(screen.getByTestId("connection-banner").textContent).toContain(
      "The gateway refused this page's request. Reload the page.",
    );
    fireEvent.click(screen.getByText("Try now"));
    expect(engine.asked).toContain("retry");
  });

  it("says when its token expires, what then happens, and takes a newer one", () => {
    const { engine, services } = show({ connection: connectionOf({ expiresInMs: 42_000 }) });
    const banner = screen.getByTestId("token-expiring");
    expect(banner.textContent).toContain("The token expires in 42 s");
    expect(banner.textContent).toContain("The gateway ends the connection");
    fireEvent.change(screen.getByLabelText("The link or its token"), { target: { value: "newer" } });
    fireEvent.click(screen.getByText("Use it"));
    expect(services.token.current).toBe("newer");
    act(() => engine.push({ connection: connectionOf({ expiresInMs: -1 }) }));
    expect(screen.getByTestId("token-expiring")).toBeTruthy();
    act(() => engine.push({ connection: connectionOf() }));
    expect(screen.queryByTestId("token-expiring")).toBeNull();
  });

  it("asks for a token where it was signed out, and for nothing else", () => {
    show({
      connection: connectionOf({ phase: "closed", isTokenRefused: true, reason: "The token has expired" }),
    });
    expect(screen.getByTestId("token-refused").textContent).toContain("The token has expired");
    expect(screen.queryByTestId("connection-banner")).toBeNull();
    expect(screen.getByLabelText("The link or its token")).toBeTruthy();
  });

  it("does not alarm anybody at the first attempt", () => {
    const { engine } = show({ connection: connectionOf({ phase: "connecting", attempt: 1 }) });
    expect(screen.queryByTestId("connection-banner")).toBeNull();
    act(() => engine.push({ connection: connectionOf({ phase: "connecting", attempt: 2 }) }));
    expect(screen.getByTestId("connection-banner").textContent).toContain("Attempt 2");
  });

  it("shows how far catching up has come", () => {
    show({
      connection: connectionOf({ phase: "catching_up" }),
      receipt: receiptOf({ received: 50, total: 200, complete: false }),
    });
    expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("25");
  });

  it("brings the newest error and what waits for a person", async () => {
    const error = {
      sequence: "14",
      step: 3,
      nodeId: "write",
      type: "ValueError",
      message: "empty",
      stack: "at 1",
    };
    const { view } = show({
      run: summaryOf({
        status: "error",
        errors: [error],
        errorCount: 4,
        interrupts: [
          {
            id: "i",
            nodeId: "approve",
            value: '{"question":"good?","draft":1}',
            when: "inside",
            sequence: "4",
            step: 2,
          },
        ],
      }),
    });
    expect(screen.getByTestId("error-banner").textContent).toMatch(/ValueError in write.*3 earlier errors/);
    expect(screen.getByTestId("interrupt-banner").textContent).toContain(
      'approve waits for yougood? {"draft":1}',
    );
    fireEvent.click(screen.getByText("Go to step 3"));
    await waitFor(() => expect(screen.getByTestId("playhead").dataset.step).toBe("3"));
    expect(view.getState().moment).toEqual({ kind: "sequence", sequence: "14" });
  });

  it("does not call for a person when another run has answered", () => {
    const interrupts = [
      { id: "i", nodeId: "approve", value: '"good?"', when: "inside" as const, sequence: "4", step: 2 },
    ];
    show({ run: summaryOf({ status: "interrupted", interrupts }) }, "", "run-2");
    expect(screen.queryByTestId("interrupt-banner")).toBeNull();
    expect(screen.queryByText("Needs you")).toBeNull();
    expect(
      screen
        .getByText(/resumed by/)
        .closest("a")
        ?.getAttribute("href"),
    ).toBe("/runs/run-2");
  });

  it("says so when nothing is retained of a run", () => {
    show({ run: null, steps: 0, receipt: receiptOf({ received: 0, total: null, complete: false }) });
    expect(screen.getByText("Nothing is retained of this run")).toBeTruthy();
  });
});
