import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { StateRows } from "../../../stores/engine";
import { createFakeEngine } from "../../../testing/fake-engine";
import { frameOf, summaryOf } from "../../../testing/frames";
import { scriptRun } from "../../../testing/scripted-run";
import { renderPane } from "../render-pane";
import { StatePane } from "./state-pane";

const row = (path: string) =>
  screen.findByText((_text, element) => element?.getAttribute("data-path") === path);
const rowNow = (path: string) => document.querySelector(`[data-path="${path}"]`);
const settled = () =>
  waitFor(() => expect(screen.getByTestId("state-tree").getAttribute("data-settled")).toBe("true"));

/** Stand-in for the browser's clipboard, which the test's document does not grant. */
function clipboard() {
  return vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
}

describe("the state pane", () => {
  it("shows the state at the playhead and follows it", async () => {
    const pane = renderPane(StatePane, { moment: { kind: "step", step: 2 } });
    expect((await row("/round")).textContent).toContain("1");
    pane.move({ kind: "step", step: 4 });
    await waitFor(() => expect(rowNow("/round")?.textContent).toContain("2"));
    await settled();
  });

  it("marks what the step changed, with the old value", async () => {
    renderPane(StatePane, { moment: { kind: "step", step: 4 } });
    const round = await row("/round");
    expect(round.getAttribute("data-change")).toBe("changed");
    expect(round.querySelector("del")?.textContent).toBe("1");
    expect(within(round).getByText("changed")).toBeTruthy();
    expect((await row("/topic")).getAttribute("data-change")).toBeNull();
  });

  it("opens and closes by click", async () => {
    renderPane(StatePane);
    const user = userEvent.setup();
    await row("/drafts");
    expect(rowNow("/drafts/0")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Open drafts" }));
    expect((await row("/drafts/0")).textContent).toContain("Tides");
    await user.click(screen.getByRole("button", { name: "Close drafts" }));
    await waitFor(() => expect(rowNow("/drafts/0")).toBeNull());
  });

  it("opens, goes in, goes out and closes by the arrow keys", async () => {
    renderPane(StatePane);
    const user = userEvent.setup();
    await user.click(await row("/drafts"));
    const tree = screen.getByRole("tree");
    const press = (key: string) => fireEvent.keyDown(tree, { key });
    press("ArrowRight");
    await row("/drafts/0");
    press("ArrowRight");
    await waitFor(() => expect(rowNow("/drafts/0")?.getAttribute("aria-selected")).toBe("true"));
    press("ArrowLeft");
    await waitFor(() => expect(rowNow("/drafts")?.getAttribute("aria-selected")).toBe("true"));
    press("ArrowLeft");
    await waitFor(() => expect(rowNow("/drafts/0")).toBeNull());
    press("ArrowDown");
    await waitFor(() => expect(rowNow("/score")?.getAttribute("aria-selected")).toBe("true"));
  });

  it("keeps the sideways arrows to itself, for elsewhere they move the playhead", async () => {
    const outside = vi.fn();
    document.addEventListener("keydown", outside);
    renderPane(StatePane);
    await userEvent.setup().click(await row("/drafts"));
    fireEvent.keyDown(screen.getByRole("tree"), { key: "ArrowRight" });
    expect(outside).not.toHaveBeenCalled();
    document.removeEventListener("keydown", outside);
  });

  it("says in the blame what is still being read", async () => {
    renderPane(StatePane, { engine: createFakeEngine({ frame: { unread: { from: "7", to: "900" } } }) });
    fireEvent.click(await row("/topic"));
    fireEvent.click(await screen.findByTestId("blame"));
    expect((await screen.findByTestId("blame-unread")).textContent).toContain("Records 7 to 900");
  });

  it("says in the blame, and keeps to, what is on the page", async () => {
    const engine = createFakeEngine({ frame: { horizon: { sequence: "9000", step: 2 } } });
    renderPane(StatePane, { engine });
    fireEvent.click(await row("/topic"));
    fireEvent.click(await screen.findByTestId("blame"));
    expect((await screen.findByTestId("blame-horizon")).textContent).toContain("Records before 9,000");
    fireEvent.change(screen.getByLabelText("Compare with"), { target: { value: "step" } });
    const step = (await screen.findByLabelText("Step to compare with")) as HTMLInputElement;
    expect([step.min, step.value]).toEqual(["2", "2"]);
    act(() => engine.push({ horizon: { sequence: "9500", step: 3 } }));
    expect([step.min, step.value]).toEqual(["3", "3"]);
  });

  it("copies the whole state, exactly", async () => {
    const { engine } = renderPane(StatePane, { moment: { kind: "step", step: 3 } });
    const written = clipboard();
    await row("/topic");
    fireEvent.click(screen.getByTestId("copy-state"));
    await waitFor(() => expect(written).toHaveBeenCalledOnce());
    expect(JSON.parse(written.mock.calls[0]?.[0] ?? "")).toEqual(engine.run.states[3]);
  });

  it("copies the path and the value that are selected", async () => {
    renderPane(StatePane);
    const written = clipboard();
    fireEvent.click(await row("/topic"));
    fireEvent.click(await screen.findByTestId("copy-path"));
    await waitFor(() => expect(written).toHaveBeenLastCalledWith("/topic"));
    fireEvent.click(screen.getByTestId("copy-value"));
    await waitFor(() => expect(written).toHaveBeenLastCalledWith('"tides"'));
  });

  it("copies the value that is selected as a pytest test", async () => {
    renderPane(StatePane, { moment: { kind: "step", step: 4 } });
    const written = clipboard();
    fireEvent.click(await row("/drafts"));
    fireEvent.click(screen.getByRole("button", { name: "Open drafts" }));
    fireEvent.click(await row("/drafts/0"));
    fireEvent.click(await screen.findByTestId("copy-pytest"));
    await waitFor(() => expect(written).toHaveBeenCalledOnce());
    expect(written.mock.calls[0]?.[0]).toContain("def test_state_drafts_0_after_step_4(state):");
    expect(written.mock.calls[0]?.[0]).toContain('assert state["drafts"][0] == "Tides');
  });

  it("keeps watched values in sight while the playhead moves", async () => {
    const pane = renderPane(StatePane, { moment: { kind: "step", step: 2 } });
    fireEvent.click(await row("/round"));
    fireEvent.click(await screen.findByTestId("watch"));
    fireEvent.click(screen.getByRole("button", { name: "Close" }));
    const watches = screen.getByTestId("watches");
    await waitFor(() => expect(watches.textContent).toBe("/round1"));
    pane.move({ kind: "step", step: 4 });
    await waitFor(() => expect(watches.textContent).toBe("/round2"));
    fireEvent.click(within(watches).getByText("/round"));
    await waitFor(() => expect(screen.getByTestId("watch").getAttribute("aria-pressed")).toBe("true"));
    fireEvent.click(screen.getByRole("button", { name: "Stop watching /round" }));
    expect(screen.queryByTestId("watches")).toBeNull();
  });

  it("lists only the changes of the step when asked to", async () => {
    renderPane(StatePane, { moment: { kind: "step", step: 4 } });
    await row("/topic");
    fireEvent.click(screen.getByTestId("only-changes"));
    const list = await screen.findByTestId("change-list");
    await waitFor(() => expect(list.textContent).toContain("3 changes from step 3 to step 4"));
    expect(within(list).getByText("/round")).toBeTruthy();
    expect(within(list).queryByText("/topic")).toBeNull();
  });

  it("shows in the tree what was selected in the list of changes", async () => {
    renderPane(StatePane, { moment: { kind: "step", step: 4 } });
    await row("/topic");
    fireEvent.click(screen.getByTestId("only-changes"));
    fireEvent.click(await screen.findByText("/drafts/1"));
    fireEvent.click(screen.getByTestId("only-changes"));
    const shown = await row("/drafts/1");
    expect(shown.getAttribute("aria-selected")).toBe("true");
    await waitFor(() =>
      expect(screen.getByRole("tree").getAttribute("aria-activedescendant")).toBe(shown.getAttribute("id")),
    );
  });

  it("compares with any other step", async () => {
    renderPane(StatePane, { moment: { kind: "step", step: 4 } });
    await row("/topic");
    fireEvent.change(screen.getByLabelText("Compare with"), { target: { value: "step" } });
    fireEvent.change(screen.getByLabelText("Step to compare with"), { target: { value: "1" } });
    await waitFor(() => expect(rowNow("/round")?.querySelector("del")?.textContent).toBe("0"));
  });

  it("blames a value on the steps that set it, and goes to one", async () => {
    const pane = renderPane(StatePane);
    fireEvent.click(await row("/round"));
    fireEvent.click(await screen.findByTestId("blame"));
    const entries = await screen.findAllByTestId("blame-entry");
    expect(entries.map((entry) => entry.textContent)).toEqual([
      expect.stringContaining("Step 6"),
      expect.stringContaining("Step 4"),
      expect.stringContaining("Step 2"),
      expect.stringContaining("Step 0"),
    ]);
    expect(entries[1]?.textContent).toContain("write");
    fireEvent.click(entries[1] as HTMLElement);
    expect(pane.moment()).toEqual({ kind: "step", step: 4 });
  });

  it("searches and says how much it found", async () => {
    renderPane(StatePane);
    await row("/topic");
    fireEvent.change(screen.getByTestId("state-search"), { target: { value: "coast" } });
    await waitFor(() => expect(rowNow("/notes/coast")?.getAttribute("data-match")).toBe("true"));
    expect(screen.getByText("1 match")).toBeTruthy();
  });

  it("offers namespaces only where there are several", async () => {
    const engine = createFakeEngine();
    renderPane(StatePane, { engine });
    await row("/topic");
    expect(screen.queryByLabelText("Namespace")).toBeNull();
    engine.push({ run: summaryOf({ namespaces: ["", "research:1"] }) });
    await waitFor(() => expect(screen.getByLabelText("Namespace")).toBeTruthy());
  });

  it("says whether the state is proven, and why not", async () => {
    const fake = createFakeEngine();
    const doubtful = async (query: Parameters<typeof fake.stateRows>[0]): Promise<StateRows> => ({
      ...(await fake.stateRows(query)),
      verification: "mismatch",
      problem: "a patch before step 5 is missing",
    });
    renderPane(StatePane, { engine: fake, answers: { stateRows: doubtful } });
    await row("/topic");
    expect(screen.getByTestId("hash-badge").textContent).toBe("In doubt");
    expect(screen.getByRole("alert").textContent).toContain("a patch before step 5 is missing");
  });

  it("asks only for windows of rows, however many there are", async () => {
    const run = scriptRun();
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`key${n}`, n]));
    const fake = createFakeEngine({ run: { ...run, states: run.states.map(() => many) } });
    const stateRows = vi.fn(fake.stateRows);
    renderPane(StatePane, { engine: fake, answers: { stateRows } });
    await row("/key3");
    expect(document.querySelectorAll("[data-testid=state-row]").length).toBeLessThan(100);
    expect(Math.max(...stateRows.mock.calls.map(([query]) => query.count))).toBeLessThan(300);
  });

  it("tells a run without state from one whose state is to come", async () => {
    const nothing = scriptRun();
    const empty = { ...nothing, states: [], steps: [] };
    const engine = createFakeEngine({ run: empty, frame: { run: summaryOf({ status: "running" }) } });
    renderPane(StatePane, { engine });
    expect(await screen.findByText("No state yet")).toBeTruthy();
    engine.push({ ...frameOf({ steps: 0 }), revision: 9 });
    expect(await screen.findByText("This run recorded no state")).toBeTruthy();
  });

  it("shows the cause when the engine cannot answer", async () => {
    renderPane(StatePane, {
      answers: { stateRows: () => Promise.reject(new Error("the worker has ended")) },
    });
    expect(await screen.findByText("The state could not be read")).toBeTruthy();
    expect(screen.getByText("the worker has ended")).toBeTruthy();
  });
});
