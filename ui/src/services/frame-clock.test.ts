import { expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock";
import { FrameClock } from "./frame-clock";

it("tells at once, then at most every 16 ms, and within a second what may wait", () => {
  const clock = new ManualClock();
  const told: number[] = [];
  const frames = new FrameClock(clock, () => void told.push(clock.nowMs() - 1_000));
  frames.changed();
  frames.changed();
  clock.advance(1);
  frames.changed();
  clock.advance(50);
  frames.changedLater();
  clock.advance(10);
  frames.changed();
  clock.advance(2_000);
  frames.changedLater();
  frames.changedLater();
  clock.advance(2_000);
  expect(told).toEqual([0, 16, 61, 3_061]);
});
