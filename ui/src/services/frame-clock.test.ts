import { expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock";
import { FrameClock } from "./frame-clock";

it("tells at once, then at most every 16 ms, and within a second what may wait", () => {
  const clock = new ManualClock();
  const told: number[] = [];
  const frames = new FrameClock(clock, () => {
    told.push(clock.nowMs() - 1_000);
    return undefined;
  });
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

it("waits until one telling is taken in, and then for three times as long as that took", async () => {
  const clock = new ManualClock();
  const told: number[] = [];
  let taken = () => undefined as undefined;
  const frames = new FrameClock(clock, () => {
    told.push(clock.nowMs() - 1_000);
    return new Promise((resolve) => {
      taken = () => void resolve() as undefined;
    });
  });
  frames.changed();
  clock.advance(20);
  frames.changed();
  clock.advance(20);
  expect(told).toEqual([0]);
  taken();
  await Promise.resolve();
  clock.advance(119);
  expect(told).toEqual([0]);
  clock.advance(1);
  expect(told).toEqual([0, 160]);
  frames.changedLater();
  clock.advance(5_000);
  taken();
  await Promise.resolve();
  clock.advance(0);
  expect(told).toEqual([0, 160, 5_160]);
});

it("goes on when a telling fails", async () => {
  const clock = new ManualClock();
  let told = 0;
  const frames = new FrameClock(clock, () => {
    told += 1;
    return Promise.reject(new Error("nobody is there"));
  });
  frames.changed();
  clock.advance(0);
  await Promise.resolve();
  frames.changed();
  clock.advance(16);
  expect(told).toBe(2);
});
