import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { GraphNode, GraphView } from "../../../stores/engine";
import { type LayoutChoices, type Layouter, LayouterContext, type LayoutInput } from "../../../stores/layout";
import { createFakeEngine } from "../../../testing/fake-engine";
import { summaryOf } from "../../../testing/frames";
import { largeGraph } from "../../../testing/large-graph";
import { TooltipProvider } from "../../../widgets/tooltip";
import { renderPane } from "../render-pane";
import { GraphPane } from "./graph-pane";
import { layeredLayout } from "./layered-layout";
import { NO_SCENE, sceneOf } from "./scene";
import { layoutInput } from "./use-layout";

const nodeNow = (id: string) => document.querySelector(`[data-testid=graph-node][data-node-id="${id}"]`);
const node = async (id: string) => {
  await waitFor(() => expect(nodeNow(id)).not.toBeNull());
  return nodeNow(id) as HTMLElement;
};
const graph = (): Promise<GraphView> => createFakeEngine().graphAt({ kind: "step", step: 4 });

/** The scripted graph with one node changed. */
const graphWith = async (id: string, changes: Partial<GraphNode>): Promise<GraphView> => {
  const view = await graph();
  return { ...view, nodes: view.nodes.map((one) => (one.id === id ? { ...one, ...changes } : one)) };
};
const showing = (view: Promise<GraphView>) => renderPane(GraphPane, { answers: { graphAt: () => view } });

describe("the graph pane", () => {
  it("shows every node with its status, and follows the playhead", async () => {
    const pane = renderPane(GraphPane, { moment: { kind: "step", step: 1 } });
    const write = await node("write");
    expect(write.getAttribute("data-status")).toBe("running");
    expect(write.textContent).toContain("Running");
    pane.move({ kind: "step", step: 2 });
    await waitFor(() => expect(nodeNow("write")?.getAttribute("data-status")).toBe("done"));
    expect(nodeNow("judge")?.getAttribute("data-status")).toBe("running");
  });

  it("says with words what colours say", async () => {
    showing(
      graphWith("write", {
        status: "retrying",
        attempt: 3,
        retries: 2,
        executions: 4,
        cached: 1,
        llmCalls: 5,
      }),
    );
    await node("write");
    const words = "write: Retrying, try 3, 4 visits, 2 retries, 1 cached, 5 LLM calls";
    expect(screen.getByRole("button", { name: words })).toBe(nodeNow("write"));
  });

  it("marks a node outside of the declared structure", async () => {
    showing(graphWith("write", { declared: false, observed: true }));
    expect((await node("write")).textContent).toContain("observed only");
    expect(nodeNow("judge")?.textContent).not.toContain("observed only");
  });

  it("counts the lanes that are at work", async () => {
    showing(graphWith("research", { status: "running", active: 3 }));
    expect((await node("research")).textContent).toContain("3 running");
  });

  it("explains a node: figures, last error, why it ran", async () => {
    showing(graphWith("write", { status: "error", errors: 1, lastError: "ValueError: no draft" }));
    fireEvent.click(await node("write"));
    const card = screen.getByTestId("explain-node");
    expect(card.textContent).toContain("ValueError: no draft");
    expect(card.textContent).toContain("Why it ran");
    fireEvent.click(screen.getAllByRole("button", { name: "judge" })[0] as HTMLElement);
    expect(screen.getByTestId("explain-node").getAttribute("aria-label")).toBe("About judge");
    fireEvent.keyDown(screen.getByTestId("explain-node"), { key: "Escape" });
    expect(screen.queryByTestId("explain-node")).toBeNull();
  });

  it("shows what a waiting node asks", async () => {
    const asks = { id: "i1", value: '{"approve":true}', when: "inside", sequence: "9", step: 3 } as const;
    const engine = createFakeEngine({
      frame: { run: summaryOf({ interrupts: [{ ...asks, nodeId: "approve" }] }) },
    });
    const waiting = graphWith("approve", { status: "interrupted", executions: 1 });
    renderPane(GraphPane, { engine, answers: { graphAt: () => waiting } });
    const approve = await node("approve");
    expect(approve.textContent).toContain("Waiting for you");
    fireEvent.click(approve);
    expect(screen.getByTestId("explain-node").textContent).toContain('"approve": true');
  });

  it("finds a node by name and goes to it with Enter", async () => {
    renderPane(GraphPane);
    await node("write");
    const search = screen.getByLabelText("Find a node");
    fireEvent.change(search, { target: { value: "judg" } });
    expect(screen.getByText("1 found")).toBeTruthy();
    await waitFor(() => expect(nodeNow("write")?.hasAttribute("data-dimmed")).toBe(true));
    expect(nodeNow("judge")?.hasAttribute("data-dimmed")).toBe(false);
    fireEvent.submit(search);
    expect(screen.getByTestId("explain-node").getAttribute("aria-label")).toBe("About judge");
    fireEvent.change(search, { target: { value: "nothing" } });
    expect(screen.getByText("No such node")).toBeTruthy();
  });

  it("is honest about what was not observed", async () => {
    const engine = createFakeEngine({
      frame: { run: summaryOf({ truthEdges: "reduced", truthReason: "a stream without debug events" }) },
    });
    renderPane(GraphPane, { engine });
    await node("write");
    expect(screen.getByTestId("graph-note").textContent).toContain("a stream without debug events");
  });

  it("tells a structure to come from one that never came", async () => {
    const empty = async () => ({ ...(await graph()), nodes: [], edges: [], topology: "" });
    const engine = createFakeEngine({ frame: { run: summaryOf({ status: "running" }) } });
    renderPane(GraphPane, { engine, answers: { graphAt: empty } });
    expect(await screen.findByText("No structure yet")).toBeTruthy();
    engine.push({ run: summaryOf() });
    expect(await screen.findByText("No node ran")).toBeTruthy();
  });
});

describe("a large graph", () => {
  const large = (count: number) =>
    renderPane(GraphPane, { answers: { graphAt: async () => largeGraph(count) } });

  it("is a picture with one element for the cursor, while a graph of usual size has one for each node", async () => {
    large(149);
    await node("n0");
    expect(screen.getAllByTestId("graph-node")).toHaveLength(149);
    expect(document.querySelector(".graph-picture")).toBeNull();
    cleanup();
    large(150);
    await node("n0");
    expect(screen.getAllByTestId("graph-node")).toHaveLength(1);
    expect(document.querySelector(".graph-picture")).not.toBeNull();
  });

  it("is read and explained with the keyboard", async () => {
    large(1_000);
    const list = await screen.findByRole("listbox", { name: "Nodes" });
    const option = () => screen.getByRole("option", { name: /Not run/ });
    expect(option().textContent).toBe("step_0: Not run");
    expect(list.getAttribute("aria-activedescendant")).toBe(option().id);
    fireEvent.keyDown(list, { key: "ArrowDown" });
    fireEvent.keyDown(list, { key: "PageDown" });
    expect(option().textContent).toBe("step_11: Not run");
    expect([option().getAttribute("aria-posinset"), option().getAttribute("aria-setsize")]).toEqual([
      "12",
      "1000",
    ]);
    fireEvent.keyDown(list, { key: "Enter" });
    expect(screen.getByTestId("explain-node").getAttribute("aria-label")).toBe("About step_11");
    expect(option().getAttribute("aria-selected")).toBe("true");
    fireEvent.keyDown(list, { key: "Escape" });
    expect(screen.queryByTestId("explain-node")).toBeNull();
  });

  it("has its cursor where a search has led", async () => {
    large(1_000);
    await node("n0");
    fireEvent.change(screen.getByLabelText("Find a node"), { target: { value: "step_777" } });
    fireEvent.submit(screen.getByLabelText("Find a node"));
    expect((await node("n777")).getAttribute("aria-selected")).toBe("true");
  });
});

describe("the graph's layout", () => {
  beforeEach(cleanup);

  function renderWith(layouter: Layouter) {
    const fake = createFakeEngine();
    let view = graph();
    const shown = (revision: number) => (
      <LayouterContext value={layouter}>
        <TooltipProvider>
          <GraphPane
            engine={{ ...fake, graphAt: () => view }}
            frame={{ ...fake.frame(), revision }}
            moment={{ kind: "live" }}
            onMoment={() => undefined}
          />
        </TooltipProvider>
      </LayouterContext>
    );
    const { rerender } = render(shown(1));
    return (next: Promise<GraphView>, revision: number) => {
      view = next;
      rerender(shown(revision));
    };
  }

  it("is asked for again only when the topology changes", async () => {
    const layout = vi.fn(async (input: LayoutInput): Promise<LayoutChoices> => [layeredLayout(input)]);
    const show = renderWith({ layout });
    await node("write");
    show(graphWith("write", { status: "error" }), 2);
    await waitFor(() => expect(nodeNow("write")?.getAttribute("data-status")).toBe("error"));
    expect(layout).toHaveBeenCalledOnce();
    show(
      graph().then((view) => ({ ...view, topology: "other" })),
      3,
    );
    await waitFor(() => expect(layout).toHaveBeenCalledTimes(2));
  });

  it("falls back to the simple layout when the layouter is late or fails", async () => {
    renderWith({ layout: () => Promise.reject(new Error("no layout within 2000 ms")) });
    expect((await node("write")).getAttribute("data-status")).toBe("done");
  });

  it("shows the simple layout while the layouter takes long, and the layouter's as soon as it is there", async () => {
    let answer: (choices: LayoutChoices) => void = () => undefined;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    renderWith({
      layout: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    await act(async () => vi.advanceTimersByTimeAsync(0));
    await act(async () => vi.advanceTimersByTimeAsync(250));
    expect(nodeNow("write")).toBeNull();
    await act(async () => vi.advanceTimersByTimeAsync(100));
    const place = () => document.querySelector<HTMLElement>("[data-node-id=write]")?.style.left;
    expect(place()).toBeTruthy();
    const box = { x: 1_234, y: 56, width: 200, height: 54 };
    answer([{ boxes: new Map([["write", box]]), routes: new Map() }]);
    await act(async () => vi.advanceTimersByTimeAsync(0));
    expect(place()).toBe("1234px");
    vi.useRealTimers();
  });

  it("keeps the identity of what did not change", async () => {
    const before = await graph();
    const layout = layeredLayout(layoutInput(before));
    const plain = { selected: null, found: null };
    const first = sceneOf(before, layout, plain, NO_SCENE);
    const second = sceneOf(await graphWith("write", { executions: 9 }), layout, plain, first);
    const kept = second.nodes.filter((one, at) => one === first.nodes[at]).map(({ id }) => id);
    expect(kept).toEqual(before.nodes.map(({ id }) => id).filter((id) => id !== "write"));
    expect(second.edges).toEqual(first.edges);
    expect(second.edges.every((one, at) => one === first.edges[at])).toBe(true);
  });

  it("moves only the edges that led to what runs now", async () => {
    const view = await createFakeEngine().graphAt({ kind: "step", step: 3 });
    const { edges } = sceneOf(
      view,
      layeredLayout(layoutInput(view)),
      { selected: null, found: null },
      NO_SCENE,
    );
    const moving = edges.filter(({ moving }) => moving).map(({ edge }) => edge.target);
    expect(new Set(moving)).toEqual(new Set(["write"]));
  });
});
