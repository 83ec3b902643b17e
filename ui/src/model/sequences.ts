/**
 * Which sequences of a producer were seen, as ranges: finds repeats and holes at constant cost in order.
 *
 * Of more holes than are kept the oldest are closed: they go on to count, but nothing fills them any more.
 */

export const HOLES_KEPT = 10_000;

interface Range {
  first: bigint;
  last: bigint;
}

export class SequenceSet {
  readonly #ranges: Range[] = [];
  #closed = { holes: 0, missing: 0n };

  /** Take note of a sequence; false when it was there already. */
  add(sequence: bigint): boolean {
    const ranges = this.#ranges;
    let at = ranges.length;
    while (at > 0 && (ranges[at - 1] as Range).first > sequence) at -= 1;
    const before = ranges[at - 1];
    const after = ranges[at];
    if (before !== undefined && sequence <= before.last) return false;
    const joinsBefore = before !== undefined && before.last + 1n === sequence;
    const joinsAfter = after !== undefined && sequence + 1n === after.first;
    if (joinsBefore && joinsAfter) {
      before.last = after.last;
      ranges.splice(at, 1);
    } else if (joinsBefore) before.last = sequence;
    else if (joinsAfter) after.first = sequence;
    else ranges.splice(at, 0, { first: sequence, last: sequence });
    if (ranges.length > HOLES_KEPT) this.#close(HOLES_KEPT / 2);
    return true;
  }

  get first(): bigint | null {
    return this.#ranges[0]?.first ?? null;
  }

  get last(): bigint | null {
    return this.#ranges.at(-1)?.last ?? null;
  }

  /** How many holes there are between the first and the last sequence. */
  get holeCount(): number {
    return this.#closed.holes + Math.max(0, this.#ranges.length - 1);
  }

  /** Missing sequences between the first and the last. */
  get missing(): bigint {
    let { missing } = this.#closed;
    for (const [from, to] of this.holes()) missing += to - from;
    return missing;
  }

  /** Those that are not closed. */
  *holes(): Generator<readonly [from: bigint, to: bigint]> {
    for (let index = 1; index < this.#ranges.length; index += 1) {
      yield [(this.#ranges[index - 1] as Range).last + 1n, (this.#ranges[index] as Range).first];
    }
  }

  #close(holes: number): void {
    const before = this.missing;
    const [oldest, ...others] = this.#ranges.splice(0, holes + 1);
    const last = others.at(-1);
    if (oldest === undefined || last === undefined) return;
    this.#ranges.unshift({ first: oldest.first, last: last.last });
    this.#closed = { holes: this.#closed.holes + holes, missing: this.#closed.missing };
    this.#closed.missing += before - this.missing;
  }
}
