import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Moment } from "../../../stores/engine";
import { activeShortcuts } from "../../../stores/keyboard";
import { useFrame } from "../../../stores/use-frame";
import { createFakeEngine, type FakeEngine } from "../../../testing/fake-engine";
import { summaryOf } from "../../../testing/frames";
import { renderPage } from "../../../testing/render-page";
import { useShownStep } from "../use-shown-step";
import { markerStep } from "./marker-jump";
import { stepAfterKey } from "./playhead-keys";
import { TimelinePane } from "./timeline-pane";

afterEach(() => void vi.useRealTimers());

function Timeline({ engine }: { engine: FakeEngine }) {
  const [moment, setMoment] = useState<Moment>({ kind: "live" });
  const frame = useFrame(engine);
  return frame && <Stepped engine={engine} frame={frame} moment={moment} onMoment={setMoment} />;
}

function Stepped(props: Omit<Parameters<typeof TimelinePane>[0], "step">) {
  return <TimelinePane {...props} step={useShownStep(props.engine, props.frame, props.moment)} />;
}

const head = () => screen.getByTestId("playhead");
const press = (key: string) => fireEvent.keyDown(head(), { key });
const shortcut = (keys: string) =>
  act(() =>
    activeShortcuts
      .getState()
      .groups.flatMap((group) => group.shortcuts)
      .find((candidate) => candidate.keys === keys)
      ?.run(),
  );

it("shows which nodes decided how long the run took, and fades the rest", async () => {
  renderPage(<Timeline engine={createFakeEngine()} />);
  const button = screen.getByRole("button", { name: "Critical path" });
  await waitFor(() => expect(button.hasAttribute("disabled")).toBe(false));
  expect(screen.getByTestId("waterfall").dataset.emphasis).toBeUndefined();
  fireEvent.click(button);
  expect(screen.getByText(/^\d+ nodes in .* of /)).toBeTruthy();
  expect(Number(screen.getByTestId("waterfall").dataset.emphasis)).toBeGreaterThan(1);
  fireEvent.click(button);
  expect(screen.getByTestId("waterfall").dataset.emphasis).toBeUndefined();
});

describe("the playhead", () => {
  it("follows live until it is moved, and follows again when asked", async () => {
    const engine = createFakeEngine({
      frame: { steps: 4, run: summaryOf({ status: "running", endedUs: null }) },
    });
    renderPage(<Timeline engine={engine} />);
    await waitFor(() => expect(head().dataset.step).toBe("3"));
    act(() => engine.push({ steps: 5 }));
    expect(head().dataset.step).toBe("4");
    fireEvent.click(screen.getByTestId("step-prev"));
    act(() => engine.push({ steps: 6 }));
    expect(head().dataset).toMatchObject({ step: "3", lastStep: "5" });
    fireEvent.click(screen.getByTestId("live-button"));
    expect(head().dataset.step).toBe("5");
  });

  it("moves by keys and says where it is", async () => {
    renderPage(<Timeline engine={createFakeEngine()} />);
    press("Home");
    expect(head().dataset.step).toBe("0");
    expect(head().getAttribute("aria-valuenow")).toBe("0");
    expect(screen.getByTestId("step-prev")).toHaveProperty("disabled", true);
    press("ArrowRight");
    expect(head().dataset.step).toBe("1");
    press("End");
    expect(head().dataset.step).toBe("7");
    expect(head().getAttribute("aria-valuetext")).toBe("step 7 of 7");
    press("PageUp");
    expect(head().dataset.step).toBe("6");
  });

  it("has nowhere to go before the first step", () => {
    renderPage(<Timeline engine={createFakeEngine({ frame: { steps: 0 } })} />);
    press("Home");
    expect(head().dataset).toMatchObject({ step: "-1", lastStep: "-1" });
  });

  it("jumps between errors and interrupts, and past checkpoints", () => {
    const at = (kind: "error" | "checkpoint" | "interrupt", step: number) => ({
      kind,
      step,
      sequence: String(step),
      timestampUs: 0,
      label: "",
    });
    const markers = [at("error", 2), at("checkpoint", 3), at("interrupt", 5)];
    renderPage(<Timeline engine={createFakeEngine({ frame: { markers } })} />);
    shortcut("[");
    expect(head().dataset.step).toBe("5");
    shortcut("[");
    expect(head().dataset.step).toBe("2");
    shortcut("[");
    expect(head().dataset.step).toBe("2");
    expect(markerStep(markers, 2, 1)).toBe(5);
  });

  it("plays from the start to the end, and stops there", () => {
    vi.useFakeTimers();
    renderPage(<Timeline engine={createFakeEngine()} />);
    shortcut("Space");
    expect(head().dataset.step).toBe("0");
    for (let tick = 0; tick < 2; tick += 1) act(() => void vi.advanceTimersByTime(500));
    expect(head().dataset.step).toBe("2");
    shortcut("Space");
    act(() => void vi.advanceTimersByTime(5000));
    expect(head().dataset.step).toBe("2");
    shortcut("Space");
    for (let tick = 0; tick < 9; tick += 1) act(() => void vi.advanceTimersByTime(500));
    expect(head().dataset.step).toBe("7");
    expect(screen.getByTestId("play-button").getAttribute("aria-label")).toBe("Play");
  });

  it("pauses a live run where it is", () => {
    const engine = createFakeEngine({
      frame: { steps: 4, run: summaryOf({ status: "running", endedUs: null }) },
    });
    renderPage(<Timeline engine={engine} />);
    shortcut("Space");
    act(() => engine.push({ steps: 7 }));
    expect(head().dataset.step).toBe("3");
  });
});

describe("a key on the playhead", () => {
  it("stays within the run", () => {
    expect(stepAfterKey("ArrowLeft", 0, 9)).toBe(0);
    expect(stepAfterKey("ArrowRight", 9, 9)).toBe(9);
    expect(stepAfterKey("PageUp", 500, 1000)).toBe(400);
    expect(stepAfterKey("PageDown", 950, 1000)).toBe(1000);
    expect(stepAfterKey("Home", 5, -1)).toBeNull();
    expect(stepAfterKey("x", 5, 9)).toBeNull();
  });
});
