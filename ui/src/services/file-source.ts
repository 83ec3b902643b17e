/** The records of a file, given to a feed portion by portion: the next when the one before is applied. */

import type { Positions } from "../protocol/control";
import type { Entry } from "../protocol/gen/dashstream_pb";
import type { FeedSource, RunFeed } from "./run-feed";

const PORTION = 2_000;

export class FileSource implements FeedSource {
  #next = 0;

  constructor(
    private readonly values: readonly Uint8Array[],
    private readonly feed: RunFeed,
  ) {}

  startOver(): void {
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
    const first = this.#next;
    const entries = this.values
      .slice(first, first + PORTION)
      .map((value, index) => entryOf(value, first + index));
    this.#next += entries.length;
    if (entries.length > 0) this.feed.receive({ kind: "records", entries, duplicates: 0 }, 0, 0);
  }
}

/** A file keeps the order of the log but not its offsets; the place in the file stands for them. */
function entryOf(value: Uint8Array, place: number): Entry {
  return { $typeName: "dashstream.v1.Entry", partition: 0, offset: BigInt(place), step: 0n, value };
}
