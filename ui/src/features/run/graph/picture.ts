/**
 * The picture of a large graph: all of it on one canvas, as a thousand boxes of the document cannot follow a hand.
 *
 * The canvas holds the view and some more around it. The camera moves and stretches it as it was drawn; it is drawn
 * again when the view leaves what it holds, when letters have grown or shrunk too far, and for sharpness once the
 * camera rests. So most frames of a pan or zoom draw nothing.
 */

import type { Viewport } from "@xyflow/react";
import type { Box } from "../../../stores/layout";
import type { Palette } from "../palette";
import type { Size } from "./choose-layout";
import { type Detail, detailAt } from "./detail";
import { drawEdgeLabels, drawEdges } from "./picture-edges";
import { drawContainers, drawNodes, drawSpecks } from "./picture-nodes";
import { type Sheet, sheetOf } from "./picture-sheet";
import type { Scene } from "./scene";
import { holds, overlap, viewOf } from "./sight";

export interface PictureInput {
  readonly scene: Scene;
  readonly palette: Palette;
  /** Nodes that something else shows. */
  readonly covered: ReadonlySet<string>;
}

export interface Look {
  readonly viewport: Viewport;
  readonly pane: Size;
}

export interface Picture {
  /** Draw this from now on: at once when something has another place, and else within 100 ms. */
  show(input: PictureInput): void;
  /** The camera has moved. */
  follow(look: Look): void;
  close(): void;
}

/** Of the pane's size, at each side. */
const AROUND = 0.25;
/** Letters that are this many times larger or smaller than they should be are drawn again. */
const STRETCH_MOST = 1.25;
/** The camera rests when it has not moved for so long. */
export const REST_MS = 120;
/** Between drawings of a run that changes all the time: the eye does not miss them, and the page has time for more. */
export const PAUSE_MS = 100;
/** 64 MB; a larger pane is drawn with fewer pixels than its screen has. */
const PIXELS_MOST = 16_000_000;

interface Drawn {
  readonly part: Box;
  readonly zoom: number;
}

export function createPicture(canvas: HTMLCanvasElement): Picture {
  const context = canvas.getContext("2d", { alpha: false });
  let input: PictureInput | null = null;
  let look: Look | null = null;
  let drawn: Drawn | null = null;
  let rest: ReturnType<typeof setTimeout> | undefined;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let isStale = false;

  const draw = (): void => {
    if (!context || !input || !look || look.pane.width * look.pane.height === 0) return;
    isStale = false;
    const ratio = fitCanvas(canvas, look.pane);
    const part = partAround(look);
    drawn = { part, zoom: look.viewport.zoom };
    canvas.dataset.level = drawPicture(sheetOf(context, input.palette, part, drawn.zoom, ratio), input);
    place();
  };
  const place = (): void => {
    if (!look || !drawn) return;
    const { x, y, zoom } = look.viewport;
    const { part } = drawn;
    canvas.style.transform = `translate(${part.x * zoom + x}px, ${part.y * zoom + y}px) scale(${zoom / drawn.zoom})`;
  };
  const goOn = (): void => {
    pause = undefined;
    if (!isStale) return;
    draw();
    pause = setTimeout(goOn, PAUSE_MS);
  };
  return {
    show(next) {
      const isSamePlace = next.covered === input?.covered && next.scene.layout === input.scene.layout;
      input = next;
      isStale = true;
      if (!isSamePlace) draw();
      else if (pause === undefined) goOn();
    },
    follow(next) {
      const resized = look?.pane.width !== next.pane.width || look.pane.height !== next.pane.height;
      look = next;
      if (!drawn || resized || !serves(drawn, next)) draw();
      else place();
      clearTimeout(rest);
      if (drawn && drawn.zoom !== next.viewport.zoom) rest = setTimeout(draw, REST_MS);
    },
    close() {
      clearTimeout(rest);
      clearTimeout(pause);
    },
  };
}

/** Whether what is drawn will do for a camera that moves. */
export function serves({ part, zoom }: Drawn, look: Look): boolean {
  const stretch = look.viewport.zoom / zoom;
  return (
    stretch <= STRETCH_MOST && stretch >= 1 / STRETCH_MOST && holds(part, viewOf(look.viewport, look.pane))
  );
}

const aroundOf = ({ width, height }: Size): Size => ({
  width: Math.round(width * AROUND),
  height: Math.round(height * AROUND),
});

/** The part of the graph that the canvas has room for; its corner is on the grid of the screen's pixels. */
function partAround({ viewport, pane }: Look): Box {
  const around = aroundOf(pane);
  return viewOf(
    { x: viewport.x + around.width, y: viewport.y + around.height, zoom: viewport.zoom },
    sizeFor(pane),
  );
}

const sizeFor = (pane: Size): Size => {
  const around = aroundOf(pane);
  return {
    width: Math.ceil(pane.width) + 2 * around.width,
    height: Math.ceil(pane.height) + 2 * around.height,
  };
};

/** Gives the canvas its size; returns its pixels per pixel of the page. */
function fitCanvas(canvas: HTMLCanvasElement, pane: Size): number {
  const { width, height } = sizeFor(pane);
  const ratio = Math.min(window.devicePixelRatio || 1, Math.sqrt(PIXELS_MOST / (width * height)));
  const pixels = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
  if (canvas.width !== pixels.width || canvas.height !== pixels.height) {
    Object.assign(canvas, pixels);
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  return ratio;
}

/** Returns how much of the graph could be drawn at this zoom. */
function drawPicture(sheet: Sheet, { scene, covered }: PictureInput): Detail["level"] {
  const { part, zoom } = sheet;
  const { level } = detailAt(zoom);
  const isSpecks = level === "specks";
  const isSeen = ({ box }: { box: Box }) => overlap(box, part);
  const nodes = scene.nodes.filter((item) => isSeen(item) && !covered.has(item.id));
  const edges = scene.edges.filter(isSeen);
  const leaves = nodes.filter(({ container }) => !container);
  drawGround(sheet);
  drawContainers(
    sheet,
    nodes.filter(({ container }) => container),
    !isSpecks,
  );
  drawEdges(sheet, edges, !isSpecks);
  if (isSpecks) {
    drawSpecks(sheet, leaves);
  } else {
    drawNodes(sheet, leaves);
    drawEdgeLabels(sheet, edges);
  }
  return level;
}

const DOT_GAP = 20;

/** Dots have their places on the graph, and at every zoom about the same distance on screen. */
function drawGround({ context, palette, part, zoom, onScreen }: Sheet): void {
  const { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.textBaseline = "middle";
  context.lineCap = context.lineJoin = "round";
  context.fillStyle = palette.canvas;
  context.fillRect(0, 0, width, height);
  onScreen();
  const gap = DOT_GAP * 2 ** Math.round(Math.log2(1 / zoom));
  context.fillStyle = palette["border-strong"];
  for (let x = Math.ceil(part.x / gap) * gap; x < part.x + part.width; x += gap) {
    for (let y = Math.ceil(part.y / gap) * gap; y < part.y + part.height; y += gap) {
      context.fillRect((x - part.x) * zoom - 0.75, (y - part.y) * zoom - 0.75, 1.5, 1.5);
    }
  }
}
