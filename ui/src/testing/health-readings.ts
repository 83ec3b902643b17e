/** Readings of health and their recent windows, for tests and the gallery. */

import type { HealthReading } from "../stores/gateway-health";
import type { HealthSample } from "../stores/health-trend";
import { healthOf, partitionOf } from "./fake-services";

export function readingOf(changes: Partial<HealthReading> = {}): HealthReading {
  return {
    health: healthOf(),
    partitions: [partitionOf()],
    arePartitionsClosed: false,
    dropped: { records: 0, runs: 40 },
    atMs: 1,
    failure: null,
    ...changes,
  };
}

const EVERY_MS = 2_000;
const SAMPLES = 120;

/** Four minutes of samples that rise and fall between 0 and so much, without the answers of twenty seconds. */
export function samplesOf(highest: HealthSample["values"]): readonly HealthSample[] {
  return Array.from({ length: SAMPLES }, (_, number) => {
    const part = Math.abs(Math.sin(number / 9)) * (0.7 + 0.3 * Math.cos(number / 2));
    const isMissing = number >= 60 && number < 70;
    const at = (value: number | null) =>
      value === null || isMissing ? null : Math.round(value * part * 100) / 100;
    return {
      atMs: number * EVERY_MS,
      values: {
        intakeMs: at(highest.intakeMs),
        unsettled: whole(at(highest.unsettled)),
        accepted: whole(at(highest.accepted)),
        viewerLagS: at(highest.viewerLagS),
        indexLag: whole(at(highest.indexLag)),
      },
    };
  });
}

const whole = (value: number | null): number | null => (value === null ? null : Math.round(value));
