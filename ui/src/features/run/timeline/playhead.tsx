import { type PointerEvent, useMemo, useRef, useState } from "react";
import type { Marker } from "../../../stores/engine";
import { MARKER_LOOKS, type PlacedMarker, paintMarkers } from "./paint-markers";
import { stepAfterKey } from "./playhead-keys";
import type { StepAxis } from "./step-axis";
import type { TimeScale } from "./time-scale";
import { useCanvas } from "./use-canvas";
import type { Viewport } from "./viewport";
import { pxToX } from "./waterfall-geometry";

const HIT_PX = 6;

interface PlayheadProps {
  /** The oldest step that can be shown. */
  first: number;
  /** The newest known step; -1 when there is none. */
  last: number;
  axis: StepAxis;
  scale: TimeScale;
  viewport: Viewport;
  markers: readonly Marker[];
  step: number;
  live: boolean;
  onStep: (step: number) => void;
}

/** The slider that all panes follow, on a track that shows where something happened. */
export function Playhead({ first, last, axis, scale, viewport, markers, step, live, onStep }: PlayheadProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [dragging, setDragging] = useState(false);
  const [near, setNear] = useState<PlacedMarker | null>(null);
  const toShare = (x: number) => (x - viewport.from) / (viewport.to - viewport.from);
  const places = useMemo(() => markers.map((marker) => placeOf(marker, axis, scale)), [markers, axis, scale]);
  const placed = (width: number): PlacedMarker[] =>
    markers.map((marker, index) => ({ marker, px: toShare(places[index] ?? 0) * width }));
  const { width } = useCanvas(canvas, [places, viewport], (surface) =>
    paintMarkers(surface, placed(surface.width)),
  );

  const moveTo = (event: PointerEvent<HTMLElement>) => {
    const left = event.currentTarget.getBoundingClientRect().left;
    const target = Math.min(last, axis.nearest(pxToX({ width, viewport }, event.clientX - left)));
    if (target >= 0 && target !== step) onStep(target);
  };
  const lookAt = (event: PointerEvent<HTMLElement>) => {
    const px = event.clientX - event.currentTarget.getBoundingClientRect().left;
    setNear(placed(width).findLast((candidate) => Math.abs(candidate.px - px) <= HIT_PX) ?? null);
  };
  const share = toShare(axis.xOf(step));

  return (
    <div
      className="playhead"
      role="slider"
      tabIndex={0}
      aria-label="Playhead"
      aria-valuemin={Math.min(first, Math.max(0, last))}
      aria-valuemax={Math.max(0, last)}
      aria-valuenow={Math.max(0, step)}
      aria-valuetext={last < 0 ? "no step yet" : `step ${step} of ${last}${live ? ", live" : ""}`}
      data-testid="playhead"
      data-step={step}
      data-last-step={last}
      data-live={live || undefined}
      onKeyDown={(event) => {
        const target = stepAfterKey(event.key, step, last);
        if (target === null || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        onStep(target);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDragging(true);
        moveTo(event);
      }}
      onPointerMove={(event) => (dragging ? moveTo(event) : lookAt(event))}
      onPointerUp={() => setDragging(false)}
      onPointerCancel={() => setDragging(false)}
      onPointerLeave={() => setNear(null)}
    >
      <canvas ref={canvas} className="playhead__track" />
      {last >= 0 && share >= 0 && share <= 1 && (
        <span className="playhead__thumb" style={{ left: `${share * 100}%` }} />
      )}
      {near && !dragging && (
        <span
          className="playhead__hint"
          style={{ left: Math.min(Math.max(near.px, 8), Math.max(8, width - 240)) }}
        >
          <strong>{MARKER_LOOKS[near.marker.kind].label}</strong>
          {near.marker.step !== null && ` at step ${near.marker.step}`}
          {near.marker.label && `: ${near.marker.label}`}
        </span>
      )}
    </div>
  );
}

/** By time where it is known to lie within the run, else by step. */
function placeOf(marker: Marker, axis: StepAxis, scale: TimeScale): number {
  const timed = marker.timestampUs > scale.startUs && marker.timestampUs <= scale.endUs;
  return timed ? scale.toX(marker.timestampUs) : axis.xOf(marker.step ?? 0);
}
