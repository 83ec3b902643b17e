import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { createFakeApi, createFakeServices, listingOf } from "../../testing/fake-services";
import { renderPage } from "../../testing/render-page";
import { ComparePage } from "./compare-page";

const LEFT = [{ round: 1 }, { round: 2, draft: "moon" }, { round: 3 }];
const RIGHT = [{ round: 1 }, { round: 2, draft: "sun" }];

async function show(search: string, right: typeof LEFT | typeof RIGHT = RIGHT) {
  history.replaceState(null, "", `/compare${search}`);
  const api = createFakeApi([listingOf({ runId: "a" }), listingOf({ runId: "b", status: "error" })]);
  const services = createFakeServices({ api });
  services.history.runs.set("a", LEFT as never);
  services.history.runs.set("b", right as never);
  await act(async () => void renderPage(<ComparePage />, services));
  return services;
}

const shown = () => screen.findByTestId("comparison");

describe("comparing two runs", () => {
  it("asks for two runs, and keeps the choice in the address", async () => {
    await show("?left=a");
    expect(await screen.findByText("Choose two runs")).toBeTruthy();
    fireEvent.change(screen.getByRole("combobox", { name: "Right run" }), { target: { value: "b" } });
    await waitFor(() => expect(location.search).toBe("?left=a&right=b"));
    expect((await shown()).textContent).toContain("The runs part after 1 step");
  });

  it("shows what differs where they part, who ran, and the way there", async () => {
    await show("?left=a&right=b");
    const comparison = await shown();
    expect(comparison.textContent).toContain("1 step from the start has the same state in both");
    expect(comparison.textContent).toContain("1 difference from left to right");
    expect(comparison.textContent).toContain("/draft");
    expect(comparison.querySelector("del")?.textContent).toBe('"moon"');
    expect(comparison.textContent).toContain("node before 2");
    expect(screen.getAllByText("Open where they part").map((link) => link.getAttribute("href"))).toEqual([
      "/runs/a?seq=2",
      "/runs/b?seq=2",
    ]);
    fireEvent.click(screen.getByText("Swap"));
    await waitFor(() => expect(location.search).toBe("?left=b&right=a"));
  });

  it("says which run ends first", async () => {
    await show("?left=a&right=b", LEFT.slice(0, 2) as typeof LEFT);
    const comparison = await shown();
    expect(comparison.textContent).toContain("The right run ends first");
    expect(comparison.textContent).toContain("This run has ended.");
  });

  it("says when there is no difference, and when nothing proves it", async () => {
    const services = await show("?left=a&right=b", LEFT);
    expect((await shown()).textContent).toContain("No difference");
    services.history.hashed = false;
    fireEvent.click(screen.getByText("Compare again"));
    await waitFor(async () =>
      expect((await shown()).textContent).toContain("cannot be compared any further"),
    );
  });

  it("says why it cannot", async () => {
    await show("?left=a&right=gone");
    expect((await screen.findByRole("alert")).textContent).toContain("There is no run gone");
  });
});
