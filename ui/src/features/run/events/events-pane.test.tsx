import { fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { createFakeEngine } from "../../../testing/fake-engine";
import { frameOf, receiptOf, summaryOf } from "../../../testing/frames";
import { scriptRun } from "../../../testing/scripted-run";
import { renderPane } from "../render-pane";
import { EventsPane } from "./events-pane";

const rowAt = (index: number) => document.querySelector(`[data-testid=event-row][data-record="${index}"]`);
const row = async (index: number) => {
  await waitFor(() => expect(rowAt(index)).not.toBeNull());
  return rowAt(index) as HTMLElement;
};
const types = () =>
  screen.getAllByTestId("event-row").map((shown) => shown.querySelector(".chip")?.textContent);

describe("the events pane", () => {
  it("lists the run's records in order", async () => {
    renderPane(EventsPane);
    expect((await row(0)).textContent).toContain("graph_start");
    expect((await row(1)).textContent).toContain("checkpoint");
    expect(screen.getByText("25 records")).toBeTruthy();
  });

  it("keeps the whole list when the playhead is in the past, and shows where it stands", async () => {
    renderPane(EventsPane, { moment: { kind: "step", step: 1 } });
    const later = await row(24);
    await waitFor(() => expect(later.hasAttribute("data-later")).toBe(true));
    expect((await row(0)).hasAttribute("data-later")).toBe(false);
    expect(document.querySelectorAll("[data-playhead]")).toHaveLength(1);
    expect(screen.getByText(/^\d+ of 25 records$/)).toBeTruthy();
  });

  it("moves the playhead to the record that is clicked, and shows it in full", async () => {
    const pane = renderPane(EventsPane);
    fireEvent.click(await row(3));
    expect(pane.moment()).toEqual({ kind: "sequence", sequence: "4" });
    expect((await screen.findByTestId("event-json")).textContent).toContain('"sequence": "4"');
    fireEvent.click(screen.getByRole("button", { name: "Bytes" }));
    expect(screen.getByTestId("event-hex").textContent).toContain("0a 04 72 75");
    fireEvent.click(screen.getByRole("button", { name: "Close" }));
    await waitFor(() => expect(screen.queryByTestId("event-detail")).toBeNull());
  });

  it("moves by the up and down keys", async () => {
    const pane = renderPane(EventsPane);
    fireEvent.click(await row(3));
    await screen.findByTestId("event-json");
    const press = (key: string) => fireEvent.keyDown(screen.getByRole("grid"), { key });
    press("ArrowDown");
    await waitFor(() => expect(pane.moment()).toEqual({ kind: "sequence", sequence: "5" }));
    press("ArrowUp");
    await waitFor(() => expect(pane.moment()).toEqual({ kind: "sequence", sequence: "4" }));
  });

  it("filters by kind, by node and by text", async () => {
    renderPane(EventsPane);
    await row(0);
    fireEvent.change(screen.getByLabelText("Kind"), { target: { value: "tool_execution" } });
    await waitFor(() => expect(types()).toEqual(["tool_execution", "tool_execution", "tool_execution"]));
    fireEvent.change(screen.getByTestId("event-search"), { target: { value: "COAST" } });
    await waitFor(() => expect(types()).toHaveLength(1));
    fireEvent.change(screen.getByLabelText("Node"), { target: { value: "write" } });
    expect(await screen.findByText("No record matches")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Show all records" }));
    await row(0);
  });

  it("follows the end while it is live, until the reader goes back", async () => {
    const pane = renderPane(EventsPane);
    await row(0);
    const list = screen.getByRole("grid");
    const scrollTo = (top: number) => {
      list.scrollTop = top;
      fireEvent.scroll(list);
    };
    const follow = screen.getByTestId("follow-end");
    expect(follow.getAttribute("aria-pressed")).toBe("true");
    scrollTo(400);
    expect(follow.getAttribute("aria-pressed")).toBe("true");
    scrollTo(300);
    expect(follow.getAttribute("aria-pressed")).toBe("false");
    fireEvent.click(follow);
    expect(follow.getAttribute("aria-pressed")).toBe("true");
    fireEvent.click(await row(2));
    await waitFor(() => expect(follow.getAttribute("aria-pressed")).toBe("false"));
    pane.move({ kind: "live" });
    await waitFor(() => expect(follow.getAttribute("aria-pressed")).toBe("true"));
  });

  it("marks the place of records that are still unread, and does not count it", async () => {
    const fake = createFakeEngine({ frame: { unread: { from: "12001", to: "385000" } } });
    const eventRows: typeof fake.eventRows = async (query) => {
      const { total, from, rows } = await fake.eventRows(query);
      return { total: total + 1, from, unreadAt: 2, rows: [...rows.slice(0, 2), null, ...rows.slice(2)] };
    };
    renderPane(EventsPane, { engine: fake, answers: { eventRows } });
    expect(await screen.findByText("Records 12,001 to 385,000 are still being read")).toBeTruthy();
    expect(screen.getByText("25 records")).toBeTruthy();
  });

  it("asks only for windows of rows", async () => {
    const run = scriptRun();
    const [first] = run.events;
    const many = Array.from({ length: 20_000 }, (_, index) => ({
      ...(first as NonNullable<typeof first>),
      id: String(index),
      sequence: String(index + 1),
    }));
    const fake = createFakeEngine({ run: { ...run, events: many } });
    const eventRows = vi.fn(fake.eventRows);
    renderPane(EventsPane, { engine: fake, answers: { eventRows }, moment: { kind: "step", step: 0 } });
    await row(9);
    expect(screen.getAllByTestId("event-row").length).toBeLessThan(100);
    expect(Math.max(...eventRows.mock.calls.map(([query]) => query.count))).toBeLessThanOrEqual(400);
  });

  it("tells a run without records from one whose records are to come", async () => {
    const engine = createFakeEngine({
      run: { ...scriptRun(), events: [] },
      frame: { run: summaryOf({ status: "running" }), receipt: receiptOf({ received: 0 }) },
    });
    renderPane(EventsPane, { engine });
    expect(await screen.findByText("No record yet")).toBeTruthy();
    engine.push({ ...frameOf(), revision: 5 });
    expect(await screen.findByText("This run has no records")).toBeTruthy();
  });
});
