/** Lines and their labels on the canvas of a large graph. */

import { iconShape } from "../../../widgets/icon";
import type { ColorName } from "../palette";
import { isFanOut, type Look, labelText, lookOf } from "./edge-words";
import type { Line } from "./paths";
import type { Sheet } from "./picture-sheet";
import type { SceneEdge } from "./scene";

const LOOKS: Readonly<Record<Look, { color: ColorName; alpha: number; width: number }>> = {
  // Pale, yet with the contrast of 3 to 1 that a meaningful line needs.
  idle: { color: "text-3", alpha: 0.72, width: 1.25 },
  taken: { color: "text", alpha: 1, width: 2 },
  last: { color: "accent", alpha: 1, width: 2.5 },
};
const SEND_WIDTH = 3.5;
/** On screen: what is thinner cannot be seen. */
const LEAST_WIDTH = 0.6;
const ARROW = { length: 8.8, half: 4.4 };
const LETTERS = 11;
const PADDING = 3;

/** Lines along their routes, with heads unless they are too far away to be seen. */
export function drawEdges(sheet: Sheet, edges: readonly SceneEdge[], heads: boolean): void {
  const { context, letters, zoom, palette } = sheet;
  sheet.onGraph();
  for (const { edge, line, moving } of edges) {
    const { color, alpha, width } = LOOKS[lookOf(edge)];
    context.globalAlpha = alpha;
    context.strokeStyle = context.fillStyle = palette[color];
    context.lineWidth = Math.max(LEAST_WIDTH / zoom, (edge.kind === "send" ? SEND_WIDTH : width) * letters);
    const isDashed = heads && (moving || edge.conditional || edge.kind === "conditional");
    context.setLineDash(isDashed ? [5 * letters, 4 * letters] : []);
    context.stroke(pathOf(line));
    if (heads) drawHead(context, line, letters);
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

const paths = new WeakMap<Line, Path2D>();

function pathOf(line: Line): Path2D {
  const path = paths.get(line) ?? new Path2D(line.path);
  paths.set(line, path);
  return path;
}

function drawHead(context: CanvasRenderingContext2D, { tip, from }: Line, letters: number): void {
  const way = Math.hypot(tip.x - from.x, tip.y - from.y);
  if (way === 0) return;
  const [x, y] = [((tip.x - from.x) / way) * letters, ((tip.y - from.y) / way) * letters];
  const back = { x: tip.x - x * ARROW.length, y: tip.y - y * ARROW.length };
  context.beginPath();
  context.moveTo(tip.x, tip.y);
  context.lineTo(back.x - y * ARROW.half, back.y + x * ARROW.half);
  context.lineTo(back.x + y * ARROW.half, back.y - x * ARROW.half);
  context.fill();
}

/** What stands beside lines, on a ground of its own, at the places that `EdgeLabels` has for them. */
export function drawEdgeLabels(sheet: Sheet, edges: readonly SceneEdge[]): void {
  const { context, palette } = sheet;
  const size = LETTERS * sheet.letters * sheet.zoom;
  sheet.onScreen();
  for (const { edge, line } of edges) {
    const text = labelText(edge).join(" ");
    if (text === "") continue;
    sheet.font(edge.taken ? 500 : 400, size);
    const icon = isFanOut(edge) ? size * 1.3 : 0;
    const width = context.measureText(text).width + icon + 2 * PADDING;
    const height = 1.3 * size;
    const at = sheet.place(line.label);
    const { x, y } = corner(line.label, at, width, height);
    context.globalAlpha = 0.8;
    context.fillStyle = palette.canvas;
    context.fillRect(x, y, width, height);
    context.globalAlpha = 1;
    context.fillStyle = context.strokeStyle = palette[edge.taken ? "text" : "text-3"];
    if (icon > 0) sheet.icon(iconShape("lanes"), x + PADDING, y + 0.15 * size, size);
    context.fillText(text, x + PADDING + icon, y + height / 2);
  }
}

/** Beside the line rather than on it, so that short lines stay visible. */
function corner(label: Line["label"], at: { x: number; y: number }, width: number, height: number) {
  const [x, y] = [at.x - width / 2, at.y - height / 2];
  if (!("side" in label)) return { x, y };
  if (label.side === "above") return { x, y: at.y - height - 2 };
  return { x: label.side === "right" ? at.x + 3 : at.x - width - 3, y };
}
