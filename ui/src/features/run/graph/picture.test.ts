import { beforeEach, describe, expect, it, vi } from "vitest";
import { largeGraph } from "../../../testing/large-graph";
import type { Palette } from "../palette";
import { layeredLayout } from "./layered-layout";
import { createPicture, type Look, PAUSE_MS, REST_MS } from "./picture";
import { NO_SCENE, sceneOf } from "./scene";
import { layoutInput } from "./use-layout";

const PANE = { width: 800, height: 500 };
const PALETTE = new Proxy({} as Palette, { get: (_, name) => String(name) });
const at = (zoom: number, x = 0, y = 0, pane = PANE): Look => ({ viewport: { x, y, zoom }, pane });

/** A canvas that counts what is drawn; every drawing begins with one opaque ground. */
function recorder() {
  const texts: string[] = [];
  let drawings = 0;
  const context = new Proxy(
    {
      fillText: (text: string) => texts.push(text),
      fillRect(_x: number, _y: number, width: number) {
        if (width === canvas.width) drawings += 1;
      },
      measureText: (text: string) => ({ width: 6 * text.length }),
    } as Record<string, unknown>,
    { get: (known, name) => (name === "canvas" ? canvas : (known[String(name)] ?? (() => undefined))) },
  );
  const canvas = { width: 0, height: 0, style: { transform: "" }, dataset: {}, getContext: () => context };
  return { canvas: canvas as unknown as HTMLCanvasElement, texts, drawings: () => drawings };
}

function shown() {
  vi.stubGlobal("Path2D", class {});
  const view = largeGraph(200);
  const scene = sceneOf(view, layeredLayout(layoutInput(view)), { selected: null, found: null }, NO_SCENE);
  const seen = recorder();
  const picture = createPicture(seen.canvas);
  const none = new Set<string>();
  const show = (covered: ReadonlySet<string> = none) => picture.show({ scene, palette: PALETTE, covered });
  show();
  picture.follow(at(0.5));
  return { ...seen, picture, show };
}

describe("the picture of a large graph", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    return () => {
      vi.useRealTimers();
      vi.unstubAllGlobals();
    };
  });

  it("is moved as it was drawn while the camera pans and zooms a little", () => {
    const { canvas, picture, drawings } = shown();
    expect(drawings()).toBe(1);
    picture.follow(at(0.5, -100, 40));
    expect(canvas.style.transform).toBe("translate(-300px, -85px) scale(1)");
    picture.follow(at(0.55, -100, 40));
    expect(canvas.style.transform).toContain("scale(1.1)");
    expect(drawings()).toBe(1);
  });

  it("is drawn again when the view leaves it, when letters are stretched too far, and for another size", () => {
    const { picture, drawings } = shown();
    picture.follow(at(0.5, 300));
    expect(drawings()).toBe(2);
    picture.follow(at(0.7, 300));
    expect(drawings()).toBe(3);
    picture.follow(at(0.7, 300, 0, { width: 900, height: 500 }));
    expect(drawings()).toBe(4);
  });

  it("is drawn sharply once the camera rests after a zoom, and only then", () => {
    const { canvas, picture, drawings } = shown();
    picture.follow(at(0.45));
    vi.advanceTimersByTime(REST_MS - 1);
    picture.follow(at(0.46));
    vi.advanceTimersByTime(REST_MS - 1);
    expect(drawings()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(drawings()).toBe(2);
    expect(canvas.style.transform).toContain("scale(1)");
    vi.advanceTimersByTime(10 * REST_MS);
    expect(drawings()).toBe(2);
  });

  it("writes the names that have room, but not those that a card shows already", () => {
    const { picture, show, texts } = shown();
    expect(texts).toContain("step_0");
    texts.length = 0;
    show(new Set(["n0"]));
    expect(texts).not.toContain("step_0");
    expect(texts).toContain("step_1");
    texts.length = 0;
    picture.follow(at(0.1));
    expect(texts).toEqual([]);
  });

  it("is drawn ten times a second, and at last as it is, while its run changes sixty times a second", () => {
    const { show, drawings } = shown();
    for (let frame = 0; frame < 60; frame++) {
      show();
      vi.advanceTimersByTime(1_000 / 60);
    }
    expect(drawings()).toBeGreaterThanOrEqual(10);
    expect(drawings()).toBeLessThanOrEqual(12);
    vi.advanceTimersByTime(PAUSE_MS);
    const before = drawings();
    vi.advanceTimersByTime(10 * PAUSE_MS);
    expect(drawings()).toBe(before);
    show();
    expect(drawings()).toBe(before + 1);
  });

  it("draws nothing more after its end", () => {
    const { picture, drawings, show } = shown();
    picture.follow(at(0.45));
    show();
    show();
    const before = drawings();
    picture.close();
    vi.advanceTimersByTime(10 * REST_MS);
    expect(drawings()).toBe(before);
  });
});
