import { act, fireEvent, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { createFakeApi, createFakeServices, listingOf, unreachable } from "../../testing/fake-services";
import { STARTED_US } from "../../testing/frames";
import { renderPage } from "../../testing/render-page";
import { NeedsYouPage } from "./needs-you-page";

const ask = (id: string, value = '"Is it good?"') => ({ id, nodeId: "approve", value, when: "inside" });
const waiting = (runId: string, sinceS: number, interrupts = [ask("i1")]) =>
  listingOf({ runId, status: "interrupted", endedUs: STARTED_US + sinceS * 1_000_000, interrupts });

async function show(api = createFakeApi()) {
  const services = createFakeServices({ api });
  await act(async () => void renderPage(<NeedsYouPage />, services));
}

const shown = () => screen.getAllByTestId("question");

describe("what waits for a person", () => {
  it("is nothing when nothing waits: a resumed run does not", async () => {
    await show(createFakeApi([{ ...waiting("a", 1), resumedBy: "b" }, listingOf({ runId: "b" })]));
    expect(screen.getByText("Nothing waits for you")).toBeTruthy();
  });

  it("is listed, the longest waiting first, with question, node and how to answer", async () => {
    const two = [ask("i1"), ask("i2", '{"question":"Publish?"}')];
    await show(createFakeApi([waiting("young", 15), waiting("old", 5, two)]));
    expect(shown().map((one) => one.dataset.runId)).toEqual(["old", "old", "young"]);
    expect(shown()[1]?.textContent).toContain("Publish?");
    expect(shown()[1]?.textContent).toContain('Command(resume={"i2": "your answer"})');
    expect(shown()[2]?.textContent).toContain("waits for 5 s");
    expect(shown()[2]?.textContent).toContain('Command(resume="your answer")');
    expect(shown()[2]?.querySelector("a")?.getAttribute("href")).toBe("/runs/young");
  });

  it("is read page by page, and shown as far as a person asks for it", async () => {
    await show(createFakeApi(Array.from({ length: 501 }, (_, index) => waiting(`run-${index}`, index))));
    expect(screen.getByText("501 questions wait, the longest waiting first.")).toBeTruthy();
    expect(shown()).toHaveLength(100);
    fireEvent.click(screen.getByText("Show more"));
    expect(shown()).toHaveLength(200);
  });

  it("says cause and remedy while the gateway does not answer", async () => {
    await show(Object.assign(createFakeApi(), { failure: unreachable }));
    expect(screen.getByRole("alert").textContent).toContain("dashstream serve");
  });
});
