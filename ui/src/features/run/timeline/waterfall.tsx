import { memo, type PointerEvent, useEffect, useRef, useState } from "react";
import { duration, plural } from "../../../model/display";
import type { TimelineSpan, TimelineView } from "../../../stores/engine";
import { paintWaterfall } from "./paint-waterfall";
import type { StepAxis } from "./step-axis";
import type { TimeScale } from "./time-scale";
import { useCanvas } from "./use-canvas";
import { isWhole, pan, type Viewport, zoom } from "./viewport";
import { contentHeight, type Geometry, pxToX, spanAt, xToPx } from "./waterfall-geometry";

const ZOOM_PER_PX = 1.004;
const HINT_PX = 260;

interface WaterfallProps {
  view: TimelineView;
  scale: TimeScale;
  axis: StepAxis;
  viewport: Viewport;
  step: number;
  /** Ids of spans that stand out; null when all do. */
  emphasis: ReadonlySet<string> | null;
  onViewport: (viewport: Viewport) => void;
  onStep: (step: number) => void;
}

interface Hover {
  span: TimelineSpan;
  px: number;
  py: number;
}

/** Bars of node executions, model calls and tool calls by time. A click moves the playhead to the step under it. */
export const Waterfall = memo(function Waterfall({
  view,
  scale,
  axis,
  viewport,
  step,
  emphasis,
  onViewport,
  onStep,
}: WaterfallProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const [hover, setHover] = useState<Hover | null>(null);
  const geometryOf = (width: number): Geometry => ({ width, scale, viewport, scrollTop });
  const hovered = hover?.span.id ?? null;
  const { width, height } = useCanvas(
    canvas,
    [view, scale, axis, viewport, scrollTop, hovered, emphasis],
    (surface) =>
      paintWaterfall(surface, {
        spans: view.spans,
        axis,
        geometry: geometryOf(surface.width),
        hovered,
        emphasis,
      }),
  );
  useWheel(scroller, width, viewport, (next) => {
    setHover(null);
    onViewport(next);
  });

  const pointOf = (event: PointerEvent<HTMLElement>) => {
    const box = canvas.current?.getBoundingClientRect();
    return { px: event.clientX - (box?.left ?? 0), py: event.clientY - (box?.top ?? 0) };
  };
  const lookAt = (event: PointerEvent<HTMLElement>) => {
    const { px, py } = pointOf(event);
    const span = spanAt(geometryOf(width), view.spans, px, py);
    setHover(span ? { span, px, py } : null);
  };
  const pick = (event: PointerEvent<HTMLElement>) => {
    const target = axis.covering(pxToX({ width, viewport }, pointOf(event).px));
    if (target >= 0) onStep(Math.min(axis.last, target));
  };
  const head = xToPx(geometryOf(width), axis.xOf(step));
  const bandStart = step > 0 ? xToPx(geometryOf(width), axis.xOf(step - 1)) : 0;

  return (
    <div
      className="waterfall"
      ref={scroller}
      onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
      onPointerMove={lookAt}
      onPointerLeave={() => setHover(null)}
      onPointerUp={pick}
      data-testid="waterfall"
      data-spans={view.totalSpans}
      data-emphasis={emphasis?.size}
    >
      <div className="waterfall__window">
        {step >= 0 && (
          <span
            className="waterfall__band"
            style={{ left: bandStart, width: Math.max(1, head - bandStart) }}
          />
        )}
        <canvas
          ref={canvas}
          className="waterfall__canvas"
          role="img"
          aria-label={`Waterfall of ${plural(view.totalSpans, "span")}; the lists of events and calls hold the same as text`}
        />
        {step >= 0 && head >= 0 && head <= width && (
          <span className="waterfall__head" style={{ transform: `translateX(${head}px)` }} />
        )}
        {hover && (
          <SpanHint
            span={hover.span}
            left={Math.min(hover.px + 12, Math.max(0, width - HINT_PX))}
            top={Math.min(hover.py + 14, Math.max(0, height - 64))}
            startUs={scale.startUs}
          />
        )}
      </div>
      <div style={{ height: Math.max(0, contentHeight(view.lanes) - height) }} />
    </div>
  );
});

function SpanHint({
  span,
  left,
  top,
  startUs,
}: {
  span: TimelineSpan;
  left: number;
  top: number;
  startUs: number;
}) {
  const took = span.endUs === null ? "running" : duration(span.endUs - span.startUs);
  const notes = [
    span.attempt > 1 && `try ${span.attempt}`,
    span.cached && "from the cache",
    span.skewed && "its clock went back",
    span.status !== "done" && span.status !== "running" && span.status,
  ].filter(Boolean);
  return (
    <span className="waterfall__hint" style={{ left, top }}>
      <strong>{span.name}</strong>
      <span>
        {took}, from +{duration(span.startUs - startUs)}
      </span>
      {notes.length > 0 && <span>{notes.join(", ")}</span>}
    </span>
  );
}

/** Ctrl or ⌘ with the wheel comes closer; a sideways wheel, or shift, moves. Other wheels scroll the lanes. */
function useWheel(
  target: React.RefObject<HTMLElement | null>,
  width: number,
  viewport: Viewport,
  onViewport: (viewport: Viewport) => void,
) {
  const newest = useRef({ width, viewport, onViewport });
  newest.current = { width, viewport, onViewport };
  useEffect(() => {
    const element = target.current;
    const onWheel = (event: WheelEvent) => {
      const now = newest.current;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        const left = element?.getBoundingClientRect().left ?? 0;
        now.onViewport(zoom(now.viewport, ZOOM_PER_PX ** event.deltaY, pxToX(now, event.clientX - left)));
        return;
      }
      const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
      if (Math.abs(sideways) < 1 || isWhole(now.viewport)) return;
      event.preventDefault();
      now.onViewport(pan(now.viewport, pxToX(now, sideways) - now.viewport.from));
    };
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, [target]);
}
