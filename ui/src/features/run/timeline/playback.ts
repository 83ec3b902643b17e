/** Playing a run: the playhead moves by one step at a time until the end; at the end of a live run it follows. */

import { useEffect, useRef } from "react";
import type { Moment } from "../../../stores/engine";

export const SPEEDS = [0.5, 1, 2, 5, 10, 30] as const;

export interface PlaybackOptions {
  readonly playing: boolean;
  /** Steps per second. */
  readonly speed: number;
  readonly step: number;
  readonly last: number;
  readonly running: boolean;
  readonly onMoment: (moment: Moment) => void;
  readonly onStop: () => void;
}

export function usePlayback(options: PlaybackOptions): void {
  const newest = useRef(options);
  newest.current = options;
  const { playing, speed } = options;
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      const { step, last, running, onMoment, onStop } = newest.current;
      if (step < last) {
        onMoment({ kind: "step", step: step + 1 });
        return;
      }
      if (running) onMoment({ kind: "live" });
      onStop();
    }, 1000 / speed);
    return () => clearInterval(timer);
  }, [playing, speed]);
}
