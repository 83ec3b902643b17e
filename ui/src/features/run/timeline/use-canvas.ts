/** A canvas that is as large as its box, sharp on every screen, and painted at most once per frame. */

import { type RefObject, useEffect, useRef, useState } from "react";
import { type Palette, paletteOf, useDocumentTheme } from "../palette";

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Paint when anything in `inputs` has changed, and when size or theme have. `inputs` names everything that `paint`
 * reads, always in the same order. Returns the size in CSS pixels.
 */
export function useCanvas(
  canvas: RefObject<HTMLCanvasElement | null>,
  inputs: readonly unknown[],
  paint: (surface: Surface) => void,
): Size {
  const size = useSize(canvas);
  const theme = useDocumentTheme();
  const newest = useRef(paint);
  newest.current = paint;
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      const element = canvas.current;
      const context = element?.getContext("2d");
      if (!element || !context || size.width === 0) return;
      const ratio = window.devicePixelRatio || 1;
      const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
      if (element.width !== width || element.height !== height) Object.assign(element, { width, height });
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, size.width, size.height);
      newest.current({ context, ...size, palette: paletteOf(theme) });
    });
    return () => cancelAnimationFrame(frame);
  }, [canvas, size, theme, ...inputs]);
  return size;
}

function useSize(element: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
