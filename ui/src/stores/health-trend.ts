/**
 * Recent windows of health's figures: a sample for each answer of the gateway, on one monotonic clock.
 *
 * A figure that was not known, and a time in which nobody looked, are holes; they are never drawn as zero.
 */

import { useEffect, useState } from "react";
import type { IntakeHealth } from "../model/frame";
import type { HealthReading } from "./gateway-health";

/** Length of the window that is kept. */
export const TREND_MS = 300_000;
/** Samples further apart have a hole in between: some answers are missing. */
export const HOLE_MS = 10_000;

export type HealthSeries = "intakeMs" | "unsettled" | "accepted" | "viewerLagS" | "indexLag";

export interface HealthSample {
  /** Monotonic. */
  readonly atMs: number;
  readonly values: Readonly<Record<HealthSeries, number | null>>;
}

/** A figure at a moment; null while it was not known. */
export interface TrendPoint {
  readonly atMs: number;
  readonly value: number | null;
}

/** The samples with a newer one, without those that have left its window. */
export function withSample(samples: readonly HealthSample[], newest: HealthSample): HealthSample[] {
  return [...samples.filter(({ atMs }) => atMs > newest.atMs - TREND_MS), newest];
}

export function sampleOf(reading: HealthReading, intake: IntakeHealth | null, atMs: number): HealthSample {
  const health = reading.failure === null ? reading.health : null;
  const own = (reading.failure === null ? reading.partitions : null)?.filter(({ owned }) => owned) ?? [];
  const viewers = health?.viewers ?? null;
  return {
    atMs,
    values: {
      intakeMs: intake?.averageMs ?? null,
      unsettled: own.length === 0 ? null : own.reduce((sum, one) => sum + unsettled(one), 0),
      accepted: health?.producers?.accepted ?? null,
      viewerLagS: viewers?.connected ? viewers.applyLagS : null,
      indexLag: health?.indexLag ?? null,
    },
  };
}

/** Records between what is settled and the end; the difference is small enough for a number, its ends are not. */
export const unsettled = ({ high, settled }: { high: string; settled: string | null }): number =>
  settled === null ? 0 : Number(BigInt(high) - BigInt(settled));

export const seriesOf = (samples: readonly HealthSample[], series: HealthSeries): readonly TrendPoint[] =>
  samples.map(({ atMs, values }) => ({ atMs, value: values[series] }));

/** Samples since this screen was opened, one for each reading. */
export function useHealthTrend(
  reading: HealthReading,
  intake: IntakeHealth | null,
  monotonicMs: () => number,
): readonly HealthSample[] {
  const [samples, setSamples] = useState<readonly HealthSample[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the intake of then belongs to a reading; it alone is no sample
  useEffect(() => {
    if (reading.health === null && reading.failure === null) return;
    const newest = sampleOf(reading, intake, monotonicMs());
    setSamples((before) => withSample(before, newest));
  }, [reading]);
  return samples;
}
