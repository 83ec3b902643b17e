import { fireEvent, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { NO_FILTERS, type RunsState } from "../../stores/runs";
import { waitsForPerson } from "../../stores/waiting";
import { createFakeServices, listingOf } from "../../testing/fake-services";
import { STARTED_US } from "../../testing/frames";
import { renderPage } from "../../testing/render-page";
import { tokenOf } from "../gateway/token-form";
import { shownDurationUs } from "./run-row";
import { RunsView, type RunsViewProps } from "./runs-view";

function show(state: Partial<RunsState>, handlers: Partial<RunsViewProps> = {}) {
  const full: RunsState = {
    filters: NO_FILTERS,
    runs: [],
    hasMore: false,
    settled: true,
    failure: null,
    ...state,
  };
  const nothing = () => undefined;
  const services = createFakeServices();
  renderPage(
    <RunsView
      state={full}
      nowMs={STARTED_US / 1000 + 5000}
      onFilters={nothing}
      onClear={nothing}
      onOpen={nothing}
      onLoadMore={nothing}
      onRetry={nothing}
      {...handlers}
    />,
    services,
  );
  return services;
}

const QUESTION = [{ id: "i", nodeId: "approve", value: '"good?"', when: "inside" }];
const refused = { message: "this gateway needs a token", status: 401, code: "unauthenticated", attempts: 1 };

describe("the list of runs", () => {
  it("shows a row for every run, newest first, as a link", () => {
    show({ runs: [listingOf({ runId: "b" }), listingOf({ runId: "a", errors: 3 })] });
    const rows = screen.getAllByTestId("run-row");
    expect(rows.map((row) => row.dataset.runId)).toEqual(["b", "a"]);
    expect(rows[0]?.getAttribute("href")).toBe("/runs/b");
    expect(screen.getAllByRole("option", { name: /3 errors/ })).toEqual([rows[1]]);
  });

  it("opens with arrows and Enter", () => {
    const onOpen = vi.fn();
    show({ runs: [listingOf({ runId: "b" }), listingOf({ runId: "a" })] }, { onOpen });
    const list = screen.getByRole("listbox");
    fireEvent.keyDown(list, { key: "ArrowDown" });
    fireEvent.keyDown(list, { key: "ArrowDown" });
    fireEvent.keyDown(list, { key: "Enter" });
    expect(onOpen).toHaveBeenCalledWith("a");
    expect(list.getAttribute("aria-activedescendant")).toBe("run-row-a");
  });

  it("says how to instrument when there is no run", () => {
    show({});
    expect(screen.getByText("dashstream run app.py")).toBeTruthy();
  });

  it("does not call an unread list empty", () => {
    show({ settled: false });
    expect(screen.queryByText("No runs yet")).toBeNull();
    expect(screen.getByText("Reading runs…")).toBeTruthy();
  });

  it("offers to clear filters that match nothing", () => {
    const onClear = vi.fn();
    show({ filters: { ...NO_FILTERS, text: "x" } }, { onClear });
    fireEvent.click(screen.getByText("Clear the filters"));
    expect(onClear).toHaveBeenCalled();
  });

  it("keeps rows through a failure, and says cause and remedy", () => {
    const onRetry = vi.fn();
    const failure = { message: "no answer", status: null, code: "unreachable", attempts: 2 };
    show({ runs: [listingOf()], failure }, { onRetry });
    expect(screen.getAllByTestId("run-row")).toHaveLength(1);
    expect(screen.getByRole("alert").textContent).toContain("dashstream serve");
    fireEvent.click(screen.getByText("Try now"));
    expect(onRetry).toHaveBeenCalled();
  });

  it("asks for the link where a token is missing or wrong, and takes a pasted one", () => {
    const onRetry = vi.fn();
    const services = show({ failure: refused }, { onRetry });
    expect(screen.getByText("This gateway asks for a token")).toBeTruthy();
    fireEvent.change(screen.getByLabelText("The link or its token"), {
      target: { value: "http://127.0.0.1:7788/#token=secret" },
    });
    fireEvent.click(screen.getByText("Use it"));
    expect(services.token.current).toBe("secret");
    expect(onRetry).toHaveBeenCalled();
    expect(tokenOf("  secret ")).toBe("secret");
    expect(tokenOf("http://127.0.0.1/#token=a%2Bb")).toBe("a+b");
    expect(tokenOf("http://127.0.0.1/#token=%")).toBe("%");
    expect(tokenOf(" ")).toBeNull();
  });

  it("tells an interrupt that waits from one that was answered", () => {
    const waiting = listingOf({ status: "interrupted", interrupts: QUESTION });
    expect(waitsForPerson(waiting)).toBe(true);
    expect(waitsForPerson({ ...waiting, resumedBy: "run-2" })).toBe(false);
    show({ runs: [waiting] });
    expect(screen.getByText("Needs you")).toBeTruthy();
  });

  it("counts the time of a live run, never below what was recorded", () => {
    const live = listingOf({ status: "running", durationUs: null, lastUs: STARTED_US + 3_000_000 });
    expect(shownDurationUs(live, STARTED_US / 1000 + 9000)).toBe(9_000_000);
    expect(shownDurationUs(live, STARTED_US / 1000 - 9000)).toBe(3_000_000);
  });
});
