/** Which sequences of each producer were seen, as ranges: finds repeats and holes at constant cost in order. */

interface Range {
  first: bigint;
  last: bigint;
}

export class SequenceSet {
  readonly #ranges: Range[] = [];

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
    return Math.max(0, this.#ranges.length - 1);
  }

  /** Missing sequences between the first and the last. */
  get missing(): bigint {
    let missing = 0n;
    for (const [from, to] of this.holes()) missing += to - from;
    return missing;
  }

  *holes(): Generator<readonly [from: bigint, to: bigint]> {
    for (let index = 1; index < this.#ranges.length; index += 1) {
      yield [(this.#ranges[index - 1] as Range).last + 1n, (this.#ranges[index] as Range).first];
    }
  }
}
