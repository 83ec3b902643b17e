/**
 * Where a subscription stands: for each partition the next offset that is not applied yet, in which epoch of the log,
 * and how much of that the gateway was told.
 *
 * Law: a position never moves back within an epoch; a new epoch forgets everything.
 */

import type { Positions } from "./control";

export class Cursor {
  #epoch: string | null = null;
  #applied = new Map<number, bigint>();
  #acked = new Map<number, bigint>();

  get epoch(): string | null {
    return this.#epoch;
  }

  get isEmpty(): boolean {
    return this.#applied.size === 0;
  }

  get positions(): Positions {
    return this.#applied;
  }

  /** Enter an epoch of the log. False if another one was left, and with it all positions. */
  enter(epoch: string): boolean {
    const isSame = this.#epoch === null || this.#epoch === epoch;
    if (!isSame) this.forget();
    this.#epoch = epoch;
    return isSame;
  }

  forget(): void {
    this.#epoch = null;
    this.#applied = new Map();
  }

  /** Delivery begins here. A start above the cursor is announced as a gap; until that is applied the cursor stays. */
  begin(start: Positions): void {
    this.#acked = new Map(start);
    for (const [partition, next] of start) {
      if (!this.#applied.has(partition)) this.#applied.set(partition, next);
    }
  }

  /** Everything below these next offsets is applied. False if that is nothing new. */
  advance(positions: Positions): boolean {
    let moved = false;
    for (const [partition, next] of positions) {
      const before = this.#applied.get(partition);
      if (before !== undefined && before >= next) continue;
      this.#applied.set(partition, next);
      moved = true;
    }
    return moved;
  }

  /** What the gateway has not been told yet; it counts as told from now on. */
  takeUnacknowledged(): Positions {
    const news = new Map<number, bigint>();
    for (const [partition, next] of this.#applied) {
      const acked = this.#acked.get(partition);
      if (acked === undefined || next > acked) news.set(partition, next);
    }
    for (const [partition, next] of news) this.#acked.set(partition, next);
    return news;
  }
}
