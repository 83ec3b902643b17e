import { expect, it } from "vitest";
import { IntakeMeter } from "./intake-meter";

const NONE = { records: 0, bytes: 0, ageMs: 0 };

it("tells nothing ever, nothing now, well, slow and stalled apart", () => {
  const meter = new IntakeMeter();
  expect(meter.view(NONE, 0).level).toBe("no_data");
  expect(meter.view({ records: 1, bytes: 9, ageMs: 10 }, 0).level).toBe("healthy");
  meter.applied(10, 5, 1_000);
  expect(meter.view(NONE, 2_000)).toMatchObject({ level: "healthy", averageMs: 5, maximumMs: 5 });
  expect(meter.view({ records: 1, bytes: 9, ageMs: 1_001 }, 2_000).level).toBe("slow");
  expect(meter.view({ records: 1, bytes: 9, ageMs: 5_001 }, 2_000).level).toBe("stalled");
  meter.applied(10, 2_000, 2_000);
  expect(meter.view(NONE, 2_000)).toMatchObject({ level: "slow", averageMs: 1_002.5, maximumMs: 2_000 });
  meter.applied(100, 20_000, 3_000);
  expect(meter.view(NONE, 3_000).level).toBe("stalled");
  expect(meter.isMoving(62_000)).toBe(true);
  expect(meter.isMoving(64_000)).toBe(false);
  expect(meter.view(NONE, 64_000)).toMatchObject({ level: "idle", averageMs: null, recordsPerSecond: 0 });
});

it("counts records per second over the time there was", () => {
  const meter = new IntakeMeter();
  meter.applied(50, 1, 0);
  meter.applied(50, 1, 5_000);
  expect(meter.view(NONE, 10_000).recordsPerSecond).toBe(10);
});
