import { describe, expect, it } from "vitest";
import { healthOf, partitionOf } from "../testing/fake-services";
import { intakeOf } from "../testing/frames";
import { readingOf } from "../testing/health-readings";
import { sampleOf, seriesOf, TREND_MS, withSample } from "./health-trend";

describe("the recent window of health", () => {
  it("takes each figure once for an answer", () => {
    const partitions = [
      partitionOf({ high: "9007199254740995", settled: "9007199254740993" }),
      partitionOf({ owned: false, high: "99", settled: null }),
    ];
    const reading = readingOf({ partitions, health: healthOf({ indexLag: 4 }) });
    expect(sampleOf(reading, intakeOf(), 7)).toEqual({
      atMs: 7,
      values: { intakeMs: 2.4, unsettled: 2, accepted: 7_560, viewerLagS: 0.02, indexLag: 4 },
    });
  });

  it("has no figure where none is known, and never a zero", () => {
    const unknown = { intakeMs: null, unsettled: null, accepted: null, viewerLagS: null, indexLag: null };
    expect(sampleOf(readingOf({ failure: "no answer" }), null, 0).values).toEqual(unknown);
    const nobody = healthOf({ viewers: { connected: 0, slow: 0, applyLagS: 0 } });
    expect(sampleOf(readingOf({ health: nobody }), null, 0).values.viewerLagS).toBeNull();
    const bound = readingOf({ health: healthOf({ producers: null, viewers: null }), partitions: null });
    expect(sampleOf(bound, null, 0).values).toEqual({ ...unknown, indexLag: 0 });
  });

  it("forgets what has left it", () => {
    const at = (atMs: number) => sampleOf(readingOf(), null, atMs);
    const kept = withSample([at(0), at(1)], at(TREND_MS));
    expect(seriesOf(kept, "accepted")).toEqual([
      { atMs: 1, value: 7_560 },
      { atMs: TREND_MS, value: 7_560 },
    ]);
  });
});
