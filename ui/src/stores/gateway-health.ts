/** The gateway's own verdict on itself, asked every two seconds while somebody looks. */

import { useEffect, useState } from "react";
import {
  type GatewayApi,
  GatewayError,
  type GatewayHealth,
  type PartitionDuties,
  type RunsAnswer,
} from "./gateway-api";
import { noteAnswer, noteFailure } from "./gateway-contact";

const EVERY_MS = 2000;

export interface HealthReading {
  /** The newest answer, also when a later question failed; null before the first. */
  readonly health: GatewayHealth | null;
  /** Where the duties of its partitions are; null while that is not known. */
  readonly partitions: readonly PartitionDuties[] | null;
  /** They are of all tenants, and the page's token is for some. */
  readonly arePartitionsClosed: boolean;
  /** Records that programs say they dropped, of the newest runs; null while that is not known. */
  readonly dropped: { readonly records: number; readonly runs: number } | null;
  /** When it came, in milliseconds since the epoch. */
  readonly atMs: number | null;
  /** Why the newest question was not answered. */
  readonly failure: string | null;
}

const NOTHING_READ: HealthReading = {
  health: null,
  partitions: null,
  arePartitionsClosed: false,
  dropped: null,
  atMs: null,
  failure: null,
};

/** `isBound`: whether the page's token is for some tenants only; null while that is not known. */
export function useGatewayHealth(
  api: GatewayApi,
  nowMs: () => number,
  isBound: boolean | null,
): HealthReading {
  const [reading, setReading] = useState<HealthReading>(NOTHING_READ);
  useEffect(() => {
    const stop = new AbortController();
    let etag: string | null = null;
    let dropped: HealthReading["dropped"] = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const fail = (error: unknown) => {
      if (stop.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      setReading((before) => ({ ...before, failure: message }));
      noteFailure({ status: error instanceof GatewayError ? error.status : null, message });
    };
    const succeed = async (health: GatewayHealth) => {
      noteAnswer();
      // The verdict is worth showing without them.
      const [partitions, runs] = await Promise.all([
        isBound === false ? api.partitions(stop.signal).catch(() => null) : null,
        api.runs({}, etag, stop.signal).catch(() => null),
      ]);
      if (runs !== "unchanged") {
        etag = runs?.etag ?? null;
        dropped = runs && droppedOf(runs);
      }
      if (!stop.signal.aborted)
        setReading({
          health,
          partitions,
          arePartitionsClosed: isBound === true,
          dropped,
          atMs: nowMs(),
          failure: null,
        });
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
  }, [api, nowMs, isBound]);
  return reading;
}

function droppedOf({ runs }: RunsAnswer): HealthReading["dropped"] {
  return { records: runs.reduce((sum, { losses }) => sum + losses, 0), runs: runs.length };
}
