import { expect, it } from "vitest";
import { browserClock } from "./clock";

it("gives turns in order, without those that were stopped, and behind what already waits", async () => {
  const clock = browserClock();
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    clock.soon(() => void seen.push("first"));
    const stop = clock.soon(() => void seen.push("stopped"));
    clock.soon(() => {
      seen.push("last");
      resolve();
    });
    stop();
    queueMicrotask(() => void seen.push("microtask"));
  });
  expect(seen).toEqual(["microtask", "first", "last"]);
});

it("never goes back", () => {
  const clock = browserClock();
  const before = clock.nowMs();
  expect(clock.nowMs()).toBeGreaterThanOrEqual(before);
});
