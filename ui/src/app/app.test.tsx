import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFakeApi, createFakeServices, listingOf } from "../testing/fake-services";
import "../testing/render-page";
import { App } from "./app";

beforeEach(() => history.replaceState(null, "", "/"));
afterEach(cleanup);

async function open(path: string, services = createFakeServices({ api: createFakeApi([listingOf()]) })) {
  history.replaceState(null, "", path);
  await act(async () => void render(<App services={services} />));
  return services;
}

const press = (key: string, target: Element = document.body) => fireEvent.keyDown(target, { key });

describe("the page", () => {
  it("lists runs at its root", async () => {
    await open("/");
    expect(await screen.findAllByTestId("run-row")).toHaveLength(1);
  });

  it("opens the run that the address names, and closes it when it is left", async () => {
    const services = await open("/runs/run-7f3a91c2e4?step=2");
    expect(await screen.findByTestId("run-page")).toBeTruthy();
    expect(screen.getByTestId("playhead").dataset.step).toBe("2");
    press("g");
    press("r");
    expect(await screen.findAllByTestId("run-row")).toHaveLength(1);
    expect(services.engine.frame().openId).toBeNull();
  });

  it("keeps the run open while its connection is looked at", async () => {
    const services = await open("/runs/run-7f3a91c2e4");
    press("g");
    press("h");
    const connection = await screen.findByRole("region", { name: "Live connection" });
    expect(connection.textContent).toContain("connected");
    expect(services.engine.frame().openId).toBe("run-7f3a91c2e4");
    press("g");
    press("n");
    expect(services.engine.frame().openId).toBeNull();
  });

  it("is honest about an address that means nothing", async () => {
    await open("/nothing/here");
    expect(screen.getByText("There is no such page")).toBeTruthy();
  });

  it("says how to open a file where none is open", async () => {
    await open("/file");
    expect(await screen.findByText("No file is open")).toBeTruthy();
  });

  it("shows what the keyboard does", async () => {
    await open("/");
    press("?");
    expect(screen.getByRole("dialog").textContent).toContain("Go to the list of runs");
  });

  it("puts the cursor into the search field", async () => {
    await open("/");
    press("/");
    expect(document.activeElement).toBe(screen.getByTestId("runs-search"));
  });

  it("changes the theme and keeps it", async () => {
    const services = await open("/");
    press("t");
    expect(document.documentElement.dataset.theme).toBe("light");
    press("t");
    expect(document.documentElement.dataset.theme).toBe("dark");
    expect(services.storage.get("preferences.v1")).toContain('"theme":"dark"');
  });

  it("keeps filters in the address", async () => {
    await open("/?status=error");
    expect(screen.getByText("No run matches")).toBeTruthy();
    fireEvent.change(screen.getByTestId("runs-search"), { target: { value: "abc" } });
    expect(location.search).toBe("?status=error&q=abc");
  });

  it("never goes white: a screen that fails says so, and the rest goes on", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const services = createFakeServices();
    vi.spyOn(services.engine, "openRun").mockImplementation(() => {
      throw new Error("a defect");
    });
    await open("/runs/run-1", services);
    expect((await screen.findByRole("alert")).textContent).toContain("a defect");
    expect(screen.getByText("Health")).toBeTruthy();
  });
});
