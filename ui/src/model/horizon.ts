/**
 * How much of a run the page holds, and what it lets go above that.
 *
 * The fold itself goes on from the first record to the newest, so states stay verified one from the other, and totals,
 * receipt and repeats are of the whole run, whatever was let go. What lets moments before the newest be shown grows with
 * the run: records, steps, spans, calls, facts of the graph. All of that has one horizon, a record, and holds nothing that
 * ended before it. Above the bound the horizon moves on so that an eighth of the bound is free again: moving it costs as
 * much as what is kept, so it moves seldom. States begin at the horizon with the one that was current there.
 *
 * What began before the horizon and has not ended stays, but only the newest `OPEN_KEPT` of a kind.
 */

/** What is held of a run at most. The rest is in the log. */
export interface Bound {
  readonly records: number;
  /** Of the frames that the records came in. */
  readonly bytes: number;
}

/** Some 450 bytes of heap a record, and the records themselves: 1.2 GB in all. */
export const PAGE_BOUND: Bound = { records: 1_500_000, bytes: 512 * 1024 * 1024 };
/** Of each part that is shown while the whole is read: it goes once that is there, so it takes a fifth of the room. */
export const PART_BOUND: Bound = { records: 300_000, bytes: 100 * 1024 * 1024 };
/** Spans, calls and visits that began before the horizon and have no end, of each kind. */
export const OPEN_KEPT = 10_000;

/** Something that begins with a record and may go on with others. */
interface Lasting {
  /** The newest record of it. */
  readonly lastRow: number;
  readonly isOpen: boolean;
}

/** Those that go: what ended before the horizon, and the oldest of what is open when it is too many. */
export function* goneBefore<T>(row: number, all: Iterable<T>, of: (one: T) => Lasting): Generator<T> {
  const open: T[] = [];
  for (const one of all) {
    const { lastRow, isOpen } = of(one);
    if (lastRow >= row) continue;
    if (isOpen) open.push(one);
    else yield one;
  }
  yield* open.slice(0, Math.max(0, open.length - OPEN_KEPT));
}
