/** Nodes on the canvas of a large graph: name and status while they have room, and else boxes in their colours. */

import type { NodeStatus } from "../../../stores/engine";
import type { Box } from "../../../stores/layout";
import { iconShape } from "../../../widgets/icon";
import type { ColorName } from "../palette";
import { NODE_STATUS } from "./node-status";
import { linesOf } from "./picture-names";
import type { Sheet } from "./picture-sheet";
import type { SceneNode } from "./scene";

const COLORS: Readonly<Record<NodeStatus, { line: ColorName; fill: ColorName; frame: ColorName }>> = {
  idle: { line: "idle", fill: "surface", frame: "border-strong" },
  running: { line: "running", fill: "running-soft", frame: "running" },
  done: { line: "ok", fill: "ok-soft", frame: "border-strong" },
  error: { line: "error", fill: "error-soft", frame: "error" },
  retrying: { line: "waiting", fill: "waiting-soft", frame: "waiting" },
  interrupted: { line: "waiting", fill: "waiting-soft", frame: "waiting" },
  stopped: { line: "idle", fill: "surface", frame: "border-strong" },
};
const RADIUS = 6;
const PILL_RADIUS = 14;
const DIMMED = 0.3;
const LETTERS = 12;
const PILL_LETTERS = 11;
/** In the graph's pixels: larger letters have no room in a pill. */
const PILL_LETTERS_MOST = 22;
const LINE_HEIGHT = 1.1;
/** Lines of a name. */
const LINES_MOST = 2;
/** On screen: a speck is at least so large, and of one colour when it is not larger than this. */
const SPECK_LEAST = 3;
const SPECK_PLAIN = 8;

const isSmall = ({ node }: SceneNode): boolean => node.kind === "start" || node.kind === "end";

/** Boxes without names; statuses by colour alone, and strong when they are tiny. */
export function drawSpecks(sheet: Sheet, nodes: readonly SceneNode[]): void {
  const { context, palette } = sheet;
  sheet.onScreen();
  for (const { node, box, dimmed } of nodes) {
    const { line, fill } = COLORS[node.status];
    const placed = sheet.placeBox(box);
    const [width, height] = [Math.max(SPECK_LEAST, placed.width), Math.max(SPECK_LEAST, placed.height)];
    context.globalAlpha = dimmed ? DIMMED : 1;
    context.fillStyle = palette[line];
    context.fillRect(placed.x, placed.y, width, height);
    if (line !== "idle" && height < SPECK_PLAIN) continue;
    context.fillStyle = palette[fill];
    context.fillRect(placed.x + 1, placed.y + 1, width - 2, height - 2);
  }
  context.globalAlpha = 1;
}

/** Frames around what lies in a node, with its name above unless there are specks in it. */
export function drawContainers(sheet: Sheet, nodes: readonly SceneNode[], named: boolean): void {
  const { context, palette } = sheet;
  sheet.onScreen();
  for (const item of nodes) {
    const box = sheet.placeBox(item.box);
    const frame = palette[COLORS[item.node.status].frame];
    drawBox(sheet, item, box, { radius: RADIUS, frame, fill: palette["surface-2"], strength: 0.6 });
    if (named) drawName(sheet, item, { ...box, height: 1.6 * LETTERS * sheet.letters * sheet.zoom }, 1);
    context.globalAlpha = 1;
  }
}

/** Boxes with icon and name. */
export function drawNodes(sheet: Sheet, nodes: readonly SceneNode[]): void {
  const { context, palette } = sheet;
  sheet.onScreen();
  for (const item of nodes) {
    const box = sheet.placeBox(item.box);
    const { line, fill } = COLORS[item.node.status];
    if (isSmall(item)) {
      const look = { radius: PILL_RADIUS, frame: palette["border-strong"], fill: palette["surface-2"] };
      drawBox(sheet, item, box, look);
      drawPill(sheet, item, box);
    } else {
      drawBox(sheet, item, box, { radius: RADIUS, frame: palette[line], fill: palette[fill] });
      drawName(sheet, item, box, LINES_MOST);
    }
    context.globalAlpha = 1;
  }
}

interface BoxLook {
  readonly radius: number;
  readonly frame: string;
  readonly fill: string;
  /** Of the filling, from 0 to 1. */
  readonly strength?: number;
}

/** Its strength stays set for what is written into the box. */
function drawBox(
  { context, zoom }: Sheet,
  item: SceneNode,
  { x, y, width, height }: Box,
  look: BoxLook,
): void {
  const strength = item.dimmed ? DIMMED : 1;
  context.beginPath();
  context.roundRect(x + 0.5, y + 0.5, width - 1, height - 1, look.radius * zoom);
  context.globalAlpha = strength * (look.strength ?? 1);
  context.fillStyle = look.fill;
  context.fill();
  context.globalAlpha = strength;
  context.lineWidth = 1;
  context.strokeStyle = look.frame;
  if (item.undeclared) context.setLineDash([3, 3]);
  context.stroke();
  if (item.undeclared) context.setLineDash([]);
}

function drawName(sheet: Sheet, { node }: SceneNode, box: Box, most: number): void {
  const { context, palette } = sheet;
  const unit = sheet.letters * sheet.zoom;
  const size = LETTERS * unit;
  const left = box.x + 4 * unit;
  const text = left + size + 2 * unit;
  const middle = box.y + box.height / 2;
  context.fillStyle = context.strokeStyle = palette[COLORS[node.status].line];
  sheet.icon(iconShape(NODE_STATUS[node.status].icon), left, middle - size / 2, size);
  sheet.font(600, size);
  context.fillStyle = palette[node.status === "idle" ? "text-2" : "text"];
  const lines = linesFor(sheet, node.name, size, box.x + box.width - 4 * unit - text, most);
  const first = middle - ((lines.length - 1) / 2) * LINE_HEIGHT * size;
  for (const [index, line] of lines.entries())
    context.fillText(line, text, first + index * LINE_HEIGHT * size);
}

function drawPill(sheet: Sheet, { node }: SceneNode, box: Box): void {
  const { context } = sheet;
  const size = Math.min(PILL_LETTERS * sheet.letters, PILL_LETTERS_MOST) * sheet.zoom;
  sheet.font(500, size);
  context.fillStyle = sheet.palette["text-2"];
  context.textAlign = "center";
  context.fillText(node.kind === "start" ? "start" : "end", box.x + box.width / 2, box.y + box.height / 2);
  context.textAlign = "start";
}

/** So many names, each at a few widths, are kept in lines. */
const KNOWN_MOST = 20_000;
const known = new Map<string, readonly string[]>();

/** Widths are rounded down in heights of letters, so that all of a zoom measures a name a few times. */
function linesFor(
  { context }: Sheet,
  name: string,
  size: number,
  width: number,
  most: number,
): readonly string[] {
  const fits = Math.floor((width / size) * 4) / 4;
  const key = `${most} ${fits} ${name}`;
  const lines = known.get(key);
  if (lines) return lines;
  if (known.size >= KNOWN_MOST) known.clear();
  const made = linesOf(name, fits * size, most, (text) => context.measureText(text).width);
  known.set(key, made);
  return made;
}
