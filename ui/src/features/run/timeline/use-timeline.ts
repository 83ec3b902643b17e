/** The timeline's data: the whole run at first; the part in sight in detail when the run has more than fits. */

import { useEffect, useRef, useState } from "react";
import type { EngineApi, RunFrame, TimelineView } from "../../../stores/engine";
import { useAnswer } from "../use-answer";

/** More would take long to cross from the worker; coming closer asks for the part in sight alone. */
const LIMIT = 5_000;
const SOONEST_MS = 150;
const LATEST_MS = 3_000;
/** Spans and steps per millisecond of waiting: a large answer is asked for less often. */
const ITEMS_PER_MS = 10;

export interface TimelineData {
  /** The run as a whole; gives the scale. */
  readonly whole: TimelineView | null;
  /** What is drawn: the whole, or the window in detail. */
  readonly detail: TimelineView | null;
  readonly error: string | null;
}

export interface UsWindow {
  readonly fromUs: number;
  readonly toUs: number;
}

export function useTimeline(engine: EngineApi, frame: RunFrame, window: UsWindow | null): TimelineData {
  const size = useRef(0);
  const waitMs = Math.min(LATEST_MS, Math.max(SOONEST_MS, size.current / ITEMS_PER_MS));
  const revision = useThrottled(frame.revision, waitMs);
  const whole = useAnswer(`${frame.openId} ${revision}`, () =>
    engine.timeline({ fromUs: null, toUs: null, limit: LIMIT }),
  );
  size.current = (whole.value?.spans.length ?? 0) + (whole.value?.steps.length ?? 0);
  const truncated = whole.value !== null && whole.value.totalSpans > whole.value.spans.length;
  const asked = truncated ? window : null;
  const detail = useAnswer(
    asked ? `${frame.openId} ${revision} ${asked.fromUs} ${asked.toUs}` : "whole",
    async () => (asked ? engine.timeline({ fromUs: asked.fromUs, toUs: asked.toUs, limit: LIMIT }) : null),
  );
  return {
    whole: whole.value,
    detail: asked ? (detail.value ?? whole.value) : whole.value,
    error: whole.error,
  };
}

/** The newest value, at most once in `everyMs`. */
function useThrottled<T>(value: T, everyMs: number): T {
  const [shown, setShown] = useState(value);
  const newest = useRef(value);
  newest.current = value;
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => {
    if (value === shown || timer.current !== null) return;
    timer.current = setTimeout(() => {
      timer.current = null;
      setShown(newest.current);
    }, everyMs);
  }, [value, shown, everyMs]);
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  return shown;
}
