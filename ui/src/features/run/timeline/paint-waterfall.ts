/**
 * Draws the waterfall: step bands, folds, ruler, and the bars of spans by lane.
 *
 * Bars that fall on the same pixels of one lane are drawn once, so that the cost follows the screen and not the run.
 */

import { duration } from "../../../model/display";
import type { TimelineSpan } from "../../../stores/engine";
import type { ColorName, Palette } from "../palette";
import type { StepAxis } from "./step-axis";
import type { Surface } from "./use-canvas";
import { BAR_PX, barOf, type Geometry, LANE_PX, laneTop, pxToX, RULER_PX, xToPx } from "./waterfall-geometry";

export interface Waterfall {
  readonly spans: readonly TimelineSpan[];
  readonly axis: StepAxis;
  readonly geometry: Geometry;
  readonly hovered: string | null;
  /** Ids of spans that stand out; null when all do. */
  readonly emphasis: ReadonlySet<string> | null;
}

const LABEL_FROM_PX = 34;
const TIME_LABEL_PX = 64;
const DIGIT_PX = 7;
const MARK_GAP_PX = 18;
const LABEL_PADDING_PX = 6;
const EDGE_ALPHA = 0.4;
const FADED_ALPHA = 0.25;

export function paintWaterfall(surface: Surface, waterfall: Waterfall): void {
  const { context, width, height, palette } = surface;
  paintBands(surface, waterfall);
  paintFolds(surface, waterfall.geometry);
  context.save();
  context.beginPath();
  context.rect(0, RULER_PX, width, height - RULER_PX);
  context.clip();
  paintSpans(surface, waterfall);
  context.restore();
  context.fillStyle = palette.border;
  context.fillRect(0, RULER_PX - 1, width, 1);
}

/** Boundaries of steps and their numbers; where steps are dense, only round numbers. */
function paintBands(surface: Surface, { axis, geometry }: Waterfall): void {
  const { context, height, palette } = surface;
  const first = Math.max(0, axis.covering(geometry.viewport.from));
  const last = Math.min(axis.last, axis.covering(geometry.viewport.to));
  context.font = `11px ${palette.font}`;
  context.textBaseline = "middle";

  const markPx = String(last).length * DIGIT_PX + MARK_GAP_PX;
  const every = roundUp((markPx * (last - first + 1)) / Math.max(1, geometry.width));
  for (let step = Math.ceil(first / every) * every; step <= last; step += every) {
    const [left, right] = bandOf(axis, geometry, step);
    context.fillStyle = palette.border;
    context.fillRect(Math.round(right), 0, 1, height);
    context.fillStyle = palette["text-3"];
    const numberWidth = context.measureText(String(step)).width + 8;
    if (every > 1) context.fillText(String(step), right + 4, RULER_PX / 2);
    else if (right - left >= numberWidth) context.fillText(String(step), Math.max(0, left) + 5, RULER_PX / 2);
    if (every === 1) paintTime(surface, geometry, right, left + numberWidth);
  }
}

function bandOf(axis: StepAxis, geometry: Geometry, step: number): readonly [left: number, right: number] {
  return [step <= 0 ? 0 : xToPx(geometry, axis.xOf(step - 1)), xToPx(geometry, axis.xOf(step))];
}

/** 1, 2, 5, 10, 20, 50 and so on: the least that is not below the value. */
function roundUp(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5, 10].find((factor) => power * factor >= value) ?? 10);
}

/** Time since the start, at the right end of a band that has room for it. */
function paintTime({ context, palette }: Surface, geometry: Geometry, right: number, from: number): void {
  if (right - from < TIME_LABEL_PX) return;
  const us = geometry.scale.toUs(pxToX(geometry, right)) - geometry.scale.startUs;
  context.fillStyle = palette["text-3"];
  context.textAlign = "right";
  context.fillText(`+${duration(us)}`, right - 5, RULER_PX / 2);
  context.textAlign = "left";
}

function paintFolds({ context, height, palette }: Surface, geometry: Geometry): void {
  for (const fold of geometry.scale.folds) {
    const left = xToPx(geometry, fold.from);
    const right = xToPx(geometry, fold.to);
    if (right < 0 || left > geometry.width) continue;
    context.save();
    context.beginPath();
    context.rect(left, RULER_PX, right - left, height - RULER_PX);
    context.clip();
    context.strokeStyle = palette.border;
    context.lineWidth = 1;
    context.beginPath();
    for (let at = left - height; at < right; at += 7) {
      context.moveTo(at, height);
      context.lineTo(at + height, 0);
    }
    context.stroke();
    const label = `${duration(fold.endUs - fold.startUs)} idle`;
    if (right - left > label.length * 6 + 8) {
      context.fillStyle = palette["text-3"];
      context.textAlign = "center";
      context.fillText(label, (left + right) / 2, RULER_PX + 12);
      context.textAlign = "left";
    }
    context.restore();
  }
}

const FILLS: Record<TimelineSpan["kind"], readonly [fill: ColorName, edge: ColorName]> = {
  node: ["running-soft", "running"],
  llm: ["llm-soft", "llm"],
  tool: ["tool-soft", "tool"],
};

function paintSpans({ context, width, height, palette }: Surface, waterfall: Waterfall): void {
  const { geometry, spans, hovered, emphasis } = waterfall;
  const paintedTo: number[] = [];
  context.font = `11px ${palette.font}`;
  context.textBaseline = "middle";
  for (const span of spans) {
    const top = laneTop(geometry, span.lane);
    if (top > height || top + LANE_PX < RULER_PX) continue;
    const { left, right } = barOf(geometry, span);
    if (right < 0 || left > width) continue;
    const pixel = Math.round(right);
    if (pixel <= (paintedTo[span.lane] ?? Number.NEGATIVE_INFINITY) && span.status !== "error") continue;
    paintedTo[span.lane] = pixel;
    context.globalAlpha = emphasis === null || emphasis.has(span.id) ? 1 : FADED_ALPHA;
    paintBar(
      context,
      palette,
      span,
      Math.max(-2, left),
      Math.min(width + 2, right),
      top,
      span.id === hovered,
    );
  }
  context.globalAlpha = 1;
}

function paintBar(
  context: CanvasRenderingContext2D,
  palette: Palette,
  span: TimelineSpan,
  left: number,
  right: number,
  top: number,
  hovered: boolean,
): void {
  const [fill, edge] = span.status === "error" ? (["error-soft", "error"] as const) : FILLS[span.kind];
  const barWidth = right - left;
  if (barWidth < 4) {
    context.fillStyle = palette[edge];
    context.fillRect(left, top, barWidth, BAR_PX);
    return;
  }
  context.fillStyle = palette[hovered ? edge : fill];
  context.beginPath();
  context.roundRect(left, top, barWidth, BAR_PX, 3);
  context.fill();
  const alpha = context.globalAlpha;
  context.strokeStyle = palette[edge];
  context.globalAlpha = alpha * EDGE_ALPHA;
  context.stroke();
  context.globalAlpha = alpha;
  context.fillStyle = palette[edge];
  context.fillRect(left, top + 1, 2, BAR_PX - 2);
  if (span.status === "running") context.fillRect(right - 2, top, 2, BAR_PX);
  if (barWidth < LABEL_FROM_PX) return;
  context.fillStyle = palette[hovered ? "surface" : "text"];
  const label = labelOf(context, span, barWidth - 2 * LABEL_PADDING_PX);
  context.fillText(label, left + LABEL_PADDING_PX, top + BAR_PX / 2 + 0.5);
}

/** As much as has room: name and duration, the name alone, or the begin of the name. */
function labelOf(context: CanvasRenderingContext2D, span: TimelineSpan, room: number): string {
  const attempt = span.attempt > 1 ? ` #${span.attempt}` : "";
  const name = `${span.name}${attempt}${span.cached ? " (cached)" : ""}`;
  const full = span.endUs === null ? name : `${name}  ${duration(span.endUs - span.startUs)}`;
  if (context.measureText(full).width <= room) return full;
  const width = context.measureText(name).width;
  if (width <= room) return name;
  return `${name.slice(0, Math.max(1, Math.floor((name.length * room) / width) - 1))}…`;
}
