import { describe, expect, it } from "vitest";
import { IntakeMeter } from "./intake-meter";

const NONE = { records: 0, bytes: 0, ageMs: 0 };

it("tells nothing ever, nothing now, well, slow and stalled apart", () => {
  const meter = new IntakeMeter();
  expect(meter.view(NONE, 0, "live").level).toBe("no_data");
  expect(meter.view({ records: 1, bytes: 9, ageMs: 10 }, 0, "live").level).toBe("healthy");
  meter.applied(10, 5, 1_000);
  expect(meter.view(NONE, 2_000, "live")).toMatchObject({ level: "healthy", averageMs: 5, maximumMs: 5 });
  expect(meter.view({ records: 1, bytes: 9, ageMs: 1_001 }, 2_000, "live").level).toBe("slow");
  expect(meter.view({ records: 1, bytes: 9, ageMs: 5_001 }, 2_000, "live").level).toBe("stalled");
  meter.applied(10, 2_000, 2_000);
  expect(meter.view(NONE, 2_000, "live")).toMatchObject({
    level: "slow",
    averageMs: 1_002.5,
    maximumMs: 2_000,
  });
  meter.applied(100, 20_000, 3_000);
  expect(meter.view(NONE, 3_000, "live").level).toBe("stalled");
  expect(meter.isMoving(62_000)).toBe(true);
  expect(meter.isMoving(64_000)).toBe(false);
  expect(meter.view(NONE, 64_000, "live")).toMatchObject({
    level: "idle",
    averageMs: null,
    recordsPerSecond: 0,
  });
});

it("counts records per second over the time there was", () => {
  const meter = new IntakeMeter();
  meter.applied(50, 1, 0);
  meter.applied(50, 1, 5_000);
  expect(meter.view(NONE, 10_000, "live").recordsPerSecond).toBe(10);
});

describe("the bounds", () => {
  it.each([
    [999, "healthy"],
    [1_000, "healthy"],
    [1_001, "slow"],
    [4_999, "slow"],
    [5_000, "slow"],
    [5_001, "stalled"],
    [6_000, "stalled"],
  ])("of %i ms from receipt to applied: %s", (latencyMs, level) => {
    const meter = new IntakeMeter();
    meter.applied(3, latencyMs, 1_000);
    expect(meter.view(NONE, 1_000, "live").level).toBe(level);
    const waits = { records: 1, bytes: 1, ageMs: latencyMs };
    expect(new IntakeMeter().view(waits, 1_000, "live").level).toBe(level);
  });

  it.each([
    [100, "healthy"],
    [101, "slow"],
    [499, "slow"],
    [500, "slow"],
    [501, "stalled"],
  ])("of %i records that wait: %s once they have waited for a second", (records, level) => {
    const meter = new IntakeMeter();
    const backlog = { records, bytes: 1, ageMs: 10 };
    meter.waiting(records, 1_000);
    expect(meter.view(backlog, 1_999, "live").level).toBe("healthy");
    expect(meter.view(backlog, 2_000, "live").level).toBe(level);
    expect(meter.view(backlog, 2_000, "catching_up").level).toBe("healthy");
    meter.waiting(0, 2_001);
    expect(meter.view(NONE, 2_001, "live").level).toBe("no_data");
  });
});

it("shows a spike at once, for as long as the window, and not after", () => {
  const meter = new IntakeMeter();
  const hour = 3_600_000;
  for (let now = 0; now < hour; now += 1_000) meter.applied(10, 5, now);
  for (let now = hour; now < hour + 10_000; now += 1_000) meter.applied(1_000, 5_500, now);
  const worst = () => meter.view(NONE, hour + 10_000, "live");
  expect(worst()).toMatchObject({ level: "stalled", maximumMs: 5_500 });
  expect(meter.view(NONE, hour + 60_000, "live").maximumMs).toBe(5_500);
  expect(meter.view(NONE, hour + 71_000, "live")).toMatchObject({ level: "idle", maximumMs: null });
});

it("begins anew with a connection, and is at its worst while too much waits", () => {
  const meter = new IntakeMeter();
  meter.applied(10, 6_000, 1_000);
  meter.waiting(900, 1_000);
  meter.restart();
  expect(meter.view(NONE, 3_000, "live")).toMatchObject({ level: "no_data", averageMs: null });
  expect(meter.view(NONE, 3_000, "falling_behind").level).toBe("stalled");
});
