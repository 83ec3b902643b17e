/** The present as a value that ticks, for durations of what is still running. */

import { useEffect, useState } from "react";
import { useServices } from "./use-services";

/** Milliseconds since the epoch, renewed every `everyMs`; null stops the clock. */
export function useNow(everyMs: number | null): number {
  const { nowMs } = useServices();
  const [now, setNow] = useState(nowMs);
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => setNow(nowMs()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, nowMs]);
  return now;
}
