import { expect, it } from "vitest";
import { largeRun } from "../../bench/large-run";
import { ManualClock } from "../testing/manual-clock";
import { FileSource } from "./file-source";
import { RunFeed } from "./run-feed";

const RECORDS = largeRun(1_500, 5, false);

const BOUND = { records: 1_000, bytes: 10_000_000 };

it("takes no more out of a file than is applied soon, and all of it again when it starts over", () => {
  let taken = 0;
  function* values() {
    for (const { value } of RECORDS) {
      taken += 1;
      yield value;
    }
  }
  const clock = new ManualClock();
  const feed: RunFeed = new RunFeed(
    "large",
    clock,
    () => file,
    () => undefined,
    null,
    BOUND,
  );
  const file = new FileSource(values, feed);
  file.startOver();
  expect(taken).toBeLessThan(RECORDS.length / 2);
  clock.advance(1_000);
  expect([taken, feed.run.records.length]).toEqual([RECORDS.length, RECORDS.length]);

  feed.restart(null);
  file.startOver();
  clock.advance(1_000);
  expect([taken, feed.run.records.length]).toEqual([2 * RECORDS.length, RECORDS.length]);
  expect(feed.run.records.length - feed.run.records.first).toBeLessThanOrEqual(BOUND.records);
  expect(feed.run.receipt()).toMatchObject({ duplicates: 0, complete: true });
});
