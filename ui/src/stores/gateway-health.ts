/** The gateway's own verdict on itself, asked every two seconds while somebody looks. */

import { useEffect, useState } from "react";
import { type GatewayApi, GatewayError, type GatewayHealth } from "./gateway-api";
import { noteAnswer, noteFailure } from "./gateway-contact";

const EVERY_MS = 2000;

export interface HealthReading {
  /** The newest answer, also when a later question failed; null before the first. */
  readonly health: GatewayHealth | null;
  /** When it came, in milliseconds since the epoch. */
  readonly atMs: number | null;
  /** Why the newest question was not answered. */
  readonly failure: string | null;
}

export function useGatewayHealth(api: GatewayApi, nowMs: () => number): HealthReading {
  const [reading, setReading] = useState<HealthReading>({ health: null, atMs: null, failure: null });
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const fail = (error: unknown) => {
      if (stop.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      setReading((before) => ({ ...before, failure: message }));
      noteFailure({ status: error instanceof GatewayError ? error.status : null, message });
    };
    const succeed = (health: GatewayHealth) => {
      setReading({ health, atMs: nowMs(), failure: null });
      noteAnswer();
    };
    const ask = async () => {
      if (!document.hidden) await api.health(stop.signal).then(succeed, fail);
      if (!stop.signal.aborted) timer = setTimeout(ask, EVERY_MS);
    };
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [api, nowMs]);
  return reading;
}
