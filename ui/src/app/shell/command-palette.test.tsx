// What is fetched when it is shown is here already, so that no test waits for it.
import "../../features/run/run-page";
import "./command-palette";
import { act, cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { createFakeApi, createFakeServices, listingOf, unreachable } from "../../testing/fake-services";
import "../../testing/render-page";
import { App } from "../app";

configure({ asyncUtilTimeout: 5000 });
afterEach(cleanup);

const LISTED = [listingOf(), listingOf({ runId: "run-2", graphName: "invoice_reader" })];

async function open(path: string, api = createFakeApi(LISTED)) {
  history.replaceState(null, "", path);
  const services = createFakeServices({ api });
  await act(async () => void render(<App services={services} />));
  if (path.startsWith("/runs")) await screen.findByTestId("run-page");
  const search = document.querySelector("[data-search-shortcut]");
  fireEvent.keyDown(search ?? document.body, { key: "k", ctrlKey: true });
  await screen.findByRole("combobox", { name: "Go to, or do" });
  return services;
}

const field = () => screen.getByRole("combobox", { name: "Go to, or do" });
const type = (text: string) => fireEvent.change(field(), { target: { value: text } });
const titles = () =>
  [...document.querySelectorAll("#palette-list [role=option] > :first-child")].map((one) => one.textContent);
const found = (...expected: string[]) => waitFor(() => expect(titles()).toEqual(expected));

describe("the command palette", () => {
  it("goes to a screen by the keyboard alone, also from a text field", async () => {
    await open("/");
    await waitFor(() => expect(document.activeElement).toBe(field()));
    type("dead");
    await found("Go to dead letters");
    fireEvent.keyDown(field(), { key: "Enter" });
    await waitFor(() => expect(location.pathname).toBe("/dead-letters"));
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("finds runs on the gateway", async () => {
    await open("/");
    type("invoice");
    await found("invoice_reader");
    fireEvent.click(screen.getByText("invoice_reader", { selector: "#palette-list *" }));
    await waitFor(() => expect(location.pathname).toBe("/runs/run-2"));
  });

  it("moves round its commands with the arrows", async () => {
    await open("/");
    type("go to");
    await waitFor(() => expect(titles().length).toBeGreaterThan(3));
    const chosen = () => document.getElementById(field().getAttribute("aria-activedescendant") ?? "");
    expect(chosen()?.textContent).toContain(titles()[0]);
    fireEvent.keyDown(field(), { key: "ArrowUp" });
    expect(chosen()?.textContent).toContain(titles().at(-1));
    fireEvent.keyDown(field(), { key: "ArrowDown" });
    expect(chosen()?.getAttribute("aria-selected")).toBe("true");
    expect(chosen()?.textContent).toContain(titles()[0]);
  });

  it("goes to a step, a node and a view of the open run", async () => {
    await open("/runs/run-7f3a91c2e4");
    type("step 2");
    await waitFor(() => expect(titles()[0]).toBe("Go to step 2"));
    fireEvent.keyDown(field(), { key: "Enter" });
    await waitFor(() => expect(screen.getByTestId("playhead").dataset.step).toBe("2"));
    fireEvent.keyDown(document.body, { key: "k", metaKey: true });
    await screen.findByRole("combobox", { name: "Go to, or do" });
    type("write node");
    await waitFor(() => expect(titles()[0]).toBe("write"));
    fireEvent.keyDown(field(), { key: "Enter" });
    expect((await screen.findByTestId("explain-node")).textContent).toContain("write");
  });

  it("says so when nothing matches, and when the gateway does not answer", async () => {
    await open("/", Object.assign(createFakeApi(), { failure: unreachable }));
    type("zzz");
    expect(await screen.findByText("Nothing is called that.")).toBeTruthy();
    expect(screen.getByText("the gateway cannot be reached")).toBeTruthy();
  });
});
