import { describe, expect, it } from "vitest";
import type { GraphLayout, LayoutChoices } from "../../../stores/layout";
import { createFakeEngine } from "../../../testing/fake-engine";
import { actionOf, following, inSight, isNear, samePlace, wholeGraph } from "./camera";
import { chooseLayout, fitZoom, READABLE_ZOOM } from "./choose-layout";
import { detailAt } from "./detail";
import { boundsOf } from "./geometry";

const PANE = { width: 765, height: 435 };

/** Nodes n0, n1, ... of 160 by 54 at these places. */
function layoutAt(...places: readonly (readonly [x: number, y: number])[]): GraphLayout {
  const boxes = places.map(([x, y], at) => [`n${at}`, { x, y, width: 160, height: 54 }] as const);
  return { boxes: new Map(boxes), routes: new Map() };
}

const column = (count: number) =>
  layoutAt(...Array.from({ length: count }, (_, at) => [0, at * 100] as const));
const line = (count: number) => layoutAt(...Array.from({ length: count }, (_, at) => [at * 200, 0] as const));
const box = (layout: GraphLayout, id: string) => layout.boxes.get(id) ?? { x: 0, y: 0, width: 0, height: 0 };

describe("the choice of a layout", () => {
  it("takes the plainest that shows details, else the plainest that can be read, else the largest", () => {
    const short: LayoutChoices = [column(3), line(3)];
    expect(chooseLayout(short, PANE, null)).toBe(short[0]);
    const middle: LayoutChoices = [column(8), line(7), layoutAt([0, 0], [400, 400])];
    expect(chooseLayout(middle, { width: 765, height: 600 }, null)).toBe(middle[2]);
    const long: LayoutChoices = [column(40), line(20)];
    expect(chooseLayout(long, PANE, null)).toBe(long[1]);
  });

  it("keeps what is shown until another is clearly better", () => {
    const choices: LayoutChoices = [column(4), line(4)];
    expect(chooseLayout(choices, { width: 765, height: 435 }, null)).toBe(choices[0]);
    expect(chooseLayout(choices, { width: 800, height: 360 }, choices[0])).toBe(choices[0]);
    expect(chooseLayout(choices, { width: 800, height: 200 }, choices[0])).toBe(choices[1]);
    expect(chooseLayout(choices, { width: 800, height: 0 }, null)).toBe(choices[0]);
  });
});

describe("the camera", () => {
  it("shows all of a graph that can be read whole", () => {
    const layout = column(6);
    const view = following(layout, ["n5"], PANE, null);
    expect(view).toEqual(wholeGraph(layout, PANE));
    for (const one of layout.boxes.values())
      expect(inSight(one, { ...view, zoom: view.zoom * 0.999 }, PANE)).toBe(true);
  });

  it("never follows at a zoom at which names cannot be read, and shows no void beyond the graph", () => {
    const layout = column(40);
    for (const id of ["n0", "n20", "n39"]) {
      const view = following(layout, [id], PANE, null);
      expect(view.zoom).toBeGreaterThanOrEqual(READABLE_ZOOM);
      expect(inSight(box(layout, id), { ...view, x: view.x }, { ...PANE, height: PANE.height + 1 })).toBe(
        true,
      );
      expect(view.y).toBeLessThanOrEqual(20);
      const { height } = boundsOf(layout);
      expect(height * view.zoom + view.y).toBeGreaterThanOrEqual(PANE.height - 21);
    }
  });

  it("stays still while the action is in sight, whatever the action is", () => {
    const layout = column(40);
    const view = following(layout, ["n20"], PANE, null);
    expect(following(layout, ["n21"], PANE, view)).toBe(view);
    expect(following(layout, ["n21", "n20"], PANE, view)).toBe(view);
    expect(following(layout, ["n35"], PANE, view)).not.toBe(view);
  });

  it("shows as much of a wide action as can be read, from the most important on", () => {
    const layout = line(40);
    const view = following(layout, ["n30", "n31", "n0"], PANE, null);
    expect(inSight(box(layout, "n30"), view, PANE)).toBe(true);
    expect(inSight(box(layout, "n31"), view, PANE)).toBe(true);
    expect(inSight(box(layout, "n0"), view, PANE)).toBe(false);
  });

  it("keeps the user's zoom, and the node in the middle, in another layout", () => {
    const [before, after] = [column(9), line(9)];
    const view = { x: PANE.width / 2 - 80 * 1.5, y: PANE.height / 2 - 427 * 1.5, zoom: 1.5 };
    const { x, y, zoom } = samePlace(before, after, view, PANE);
    expect(zoom).toBe(1.5);
    expect({ x: (PANE.width / 2 - x) / zoom, y: (PANE.height / 2 - y) / zoom }).toEqual({ x: 880, y: 27 });
  });

  it("looks at what is at work, else at the selected node, else at the last that ran", async () => {
    const live = await createFakeEngine().graphAt({ kind: "step", step: 1 });
    expect(actionOf(live, "plan")).toEqual(["write"]);
    const idle = { ...live, nodes: live.nodes.map((node) => ({ ...node, status: "done" as const })) };
    expect(actionOf(idle, "plan")).toEqual(["plan"]);
    const newest = idle.nodes.map((node) => (node.id === "judge" ? { ...node, lastStartUs: 9e15 } : node));
    expect(actionOf({ ...idle, nodes: newest }, null)).toEqual(["judge"]);
    const none = idle.nodes.map((node) => ({ ...node, lastStartUs: null }));
    expect(actionOf({ ...idle, nodes: none }, null)).toEqual([none[0]?.id]);
    expect(actionOf({ ...idle, nodes: [] }, null)).toEqual([]);
  });

  it("glides only where the eye can follow", () => {
    const here = { x: 0, y: 0, zoom: 0.5 };
    expect(isNear({ ...here, x: -900 }, here, PANE)).toBe(true);
    expect(isNear({ ...here, x: -9_000 }, here, PANE)).toBe(false);
    expect(isNear({ ...here, zoom: 0.05 }, here, PANE)).toBe(false);
  });
});

describe("the level of detail", () => {
  it("keeps letters of 12 pixels on screen at about that size, at every zoom that names are shown at", () => {
    for (let zoom = 0.34; zoom < 0.91; zoom += 0.01) {
      const { scale, level } = detailAt(zoom);
      expect(level).toBe("far");
      expect(12 * scale * zoom).toBeGreaterThan(11.5);
      expect(12 * scale * zoom).toBeLessThan(12.5);
    }
    expect(detailAt(1)).toEqual({ scale: 1, level: "near", outline: 0 });
  });

  it("keeps specks of two pixels at least in sight, from any distance", () => {
    for (let zoom = 0.19; zoom > 0.001; zoom *= 0.9) {
      expect(detailAt(zoom).level).toBe("specks");
      expect(2 * detailAt(zoom).outline * zoom).toBeGreaterThan(2);
    }
  });

  it("draws anew only in few steps, whatever the zoom", () => {
    const zooms = Array.from({ length: 2_000 }, (_, at) => 0.02 + at / 1_000);
    expect(new Set(zooms.map(detailAt)).size).toBeLessThan(30);
  });

  it("has nothing to do with panes that have no room", () => {
    expect(fitZoom({ width: 100, height: 100 }, { width: 0, height: 0 })).toBe(0);
  });
});
