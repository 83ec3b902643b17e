/**
 * The records of a file, given to a feed portion by portion: the next when the one before is applied, so that no more
 * of them are held than the feed's run holds.
 */

import type { Positions } from "../protocol/control";
import type { Entry } from "../protocol/gen/dashstream_pb";
import type { FeedSource, RunFeed } from "./run-feed";

const PORTION = 2_000;

export class FileSource implements FeedSource {
  #values: Iterator<Uint8Array>;
  #next = 0;

  /** `open` gives the records' values from the first one on, each time that it is asked. */
  constructor(
    private readonly open: () => Iterator<Uint8Array>,
    private readonly feed: RunFeed,
  ) {
    this.#values = open();
  }

  startOver(): void {
    this.#values = this.open();
    this.#next = 0;
    this.#give();
  }

  applied(positions: Positions): void {
    if (positions.get(0) === BigInt(this.#next)) this.#give();
  }

  caughtUp(): void {}

  fellBehind(): void {}

  mismatch(): void {}

  #give(): void {
    const entries: Entry[] = [];
    while (entries.length < PORTION) {
      const { done, value } = this.#values.next();
      if (done) break;
      entries.push(entryOf(value, this.#next));
      this.#next += 1;
    }
    if (entries.length > 0) this.feed.receive({ kind: "records", entries, duplicates: 0 }, 0, 0);
  }
}

/** A file keeps the order of the log but not its offsets; the place in the file stands for them. */
function entryOf(value: Uint8Array, place: number): Entry {
  return { $typeName: "dashstream.v1.Entry", partition: 0, offset: BigInt(place), step: 0n, value };
}
