import { act, fireEvent, screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "../../stores/gateway-api";
import { createFakeOperations, schemaOf } from "../../testing/fake-operations";
import { createFakeServices } from "../../testing/fake-services";
import { renderPage } from "../../testing/render-page";
import { SchemasPage } from "./schemas-page";

const OLD = schemaOf();
const NEW = schemaOf({
  graphId: "aaaabbbbccccdddd",
  nodes: [
    ...OLD.nodes.filter(({ id }) => id !== "judge"),
    { id: "review", name: "review", kind: "node", parent: "" },
  ],
  edges: [
    ...OLD.edges.filter(({ source, target }) => source !== "judge" && target !== "judge"),
    { source: "write", target: "review", conditional: false, label: "" },
  ],
  runs: 1,
});

beforeEach(() =>
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      disconnect() {}
    },
  ),
);

async function show(observed = [NEW, OLD], search = "", failure: GatewayError | null = null) {
  history.replaceState(null, "", `/schemas${search}`);
  const operations = Object.assign(createFakeOperations(), { observed, failure });
  const services = createFakeServices({ operations });
  await act(async () => void renderPage(<SchemasPage />, services));
  return services;
}

const click = async (name: string) =>
  act(async () => void fireEvent.click(screen.getByRole("button", { name })));
const versions = () => screen.getAllByTestId("schema-version").map((one) => one.textContent);

describe("schemas", () => {
  it("say so when there are none", async () => {
    await show([]);
    expect(screen.getByText("No schemas yet")).toBeTruthy();
  });

  it("are listed by graph, and the newest is shown", async () => {
    await show();
    expect(versions()).toHaveLength(2);
    expect(screen.getByTestId("schema-detail").textContent).toContain("aaaabbbbccccdddd");
    expect(screen.getByTestId("drift-summary").textContent).toContain("nothing can drift");
  });

  it("compare with what is expected, which keeps its note across visits", async () => {
    const services = await show(undefined, `?graph=${OLD.graphId}`);
    await click("Expect this one…");
    fireEvent.change(screen.getByLabelText("Note"), { target: { value: "released with 2.4" } });
    await click("Expect it");
    expect(screen.getByText(/released with 2.4/)).toBeTruthy();
    expect(services.storage.get("schema-pins.v1")).toContain("released with 2.4");
    expect(versions()[0]).toContain("6 differences");
    expect(versions()[1]).toContain("expected");
    await act(async () => void fireEvent.click(screen.getAllByTestId("schema-version")[0] as HTMLElement));
    expect(location.search).toBe("?graph=aaaabbbbccccdddd");
    const detail = screen.getByTestId("schema-detail");
    expect(within(detail).getByTestId("drift-summary").textContent).toBe("6 differences");
    const told = within(detail)
      .getAllByRole("listitem")
      .map((item) => item.textContent);
    expect(told).toContain("+review added");
    expect(told).toContain("−judge removed");
  });

  it("compare with any other version without expecting one", async () => {
    await show(undefined, `?graph=${NEW.graphId}&against=${OLD.graphId}`);
    expect(screen.getByTestId("drift-summary").textContent).toBe("6 differences");
  });

  it("show an expected one that the gateway does not know any more, and expect it no longer", async () => {
    const services = await show([OLD]);
    await click("Expect this one…");
    await click("Expect it");
    Object.assign(services.operations, { observed: [] });
    await act(async () => void renderPage(<SchemasPage />, services));
    const shown = screen.getAllByTestId("schema-version").at(-1) as HTMLElement;
    expect(shown.textContent).toContain("no run known here");
    await act(
      async () => void fireEvent.click(screen.getAllByText("Expect it no longer").at(-1) as HTMLElement),
    );
    expect(services.storage.get("schema-pins.v1")).toBeNull();
  });

  it("are honest about a link to one that is not known", async () => {
    await show(undefined, "?graph=gone");
    expect(screen.getByText("This schema is not known here")).toBeTruthy();
  });

  it("say cause and remedy while the gateway does not answer", async () => {
    await show([], "", new GatewayError("no answer", null, "unreachable"));
    expect(screen.getByRole("alert").textContent).toContain("dashstream serve");
  });
});
