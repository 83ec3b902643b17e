/** What is drawn on: a part of the graph at a zoom, in the colours of a theme. */

import type { Box, Point } from "../../../stores/layout";
import type { iconShape } from "../../../widgets/icon";
import type { Palette } from "../palette";
import { enlargementAt } from "./detail";

export interface Sheet {
  readonly context: CanvasRenderingContext2D;
  readonly palette: Palette;
  /** The part of the graph, in the graph's pixels. */
  readonly part: Box;
  readonly zoom: number;
  /** By how much texts and lines are enlarged, in the graph's pixels. */
  readonly letters: number;
  /** Draw in the graph's pixels from now on. */
  readonly onGraph: () => void;
  /** Draw in the screen's pixels, from the part's corner on. */
  readonly onScreen: () => void;
  /** Where a point of the graph is on screen. */
  readonly place: (point: Point) => Point;
  /** Where a box is on screen; its sides are on the grid of the device's pixels, so that they are sharp. */
  readonly placeBox: (box: Box) => Box;
  readonly font: (weight: number, size: number) => void;
  readonly icon: (shape: ReturnType<typeof iconShape>, x: number, y: number, size: number) => void;
}

export function sheetOf(
  context: CanvasRenderingContext2D,
  palette: Palette,
  part: Box,
  zoom: number,
  ratio: number,
): Sheet {
  const place = ({ x, y }: Point): Point => ({ x: (x - part.x) * zoom, y: (y - part.y) * zoom });
  const onGrid = (value: number): number => Math.round(value * ratio) / ratio;
  const onScreen = () => context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return {
    context,
    palette,
    part,
    zoom,
    letters: enlargementAt(zoom),
    onGraph() {
      const scale = zoom * ratio;
      context.setTransform(scale, 0, 0, scale, -part.x * scale, -part.y * scale);
    },
    onScreen,
    place,
    placeBox(box) {
      const [from, to] = [place(box), place({ x: box.x + box.width, y: box.y + box.height })];
      const [x, y] = [onGrid(from.x), onGrid(from.y)];
      return { x, y, width: onGrid(to.x) - x, height: onGrid(to.y) - y };
    },
    font(weight, size) {
      context.font = `${weight} ${size}px ${palette.font}`;
    },
    icon({ path, filled }, x, y, size) {
      const scale = (size / ICON_GRID) * ratio;
      context.setTransform(scale, 0, 0, scale, x * ratio, y * ratio);
      context.lineWidth = ICON_LINE;
      const shape = shapes.get(path) ?? new Path2D(path);
      shapes.set(path, shape);
      context.stroke(shape);
      if (filled) context.fill(shape);
      onScreen();
    },
  };
}

const ICON_GRID = 16;
const ICON_LINE = 1.5;
const shapes = new Map<string, Path2D>();
