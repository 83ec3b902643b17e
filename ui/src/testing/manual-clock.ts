/** A clock that a test moves: timers fire when their time is reached, turns when they are asked for. */

import type { Clock } from "../services/clock";

export class ManualClock implements Clock {
  #now = 1_000;
  #timers: { readonly atMs: number; readonly call: () => void }[] = [];
  #turns: (() => void)[] = [];

  nowMs(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { atMs: this.#now + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  soon(call: () => void): () => void {
    this.#turns.push(call);
    return () => {
      this.#turns = this.#turns.filter((one) => one !== call);
    };
  }

  /** Let turns run until there is none, without time passing. */
  settle(): void {
    for (let turn = this.#turns.shift(); turn !== undefined; turn = this.#turns.shift()) turn();
  }

  /** Let time pass in which nobody does anything. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** Let time pass, with all that happens meanwhile. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      this.settle();
      const due = this.#timers
        .filter(({ atMs }) => atMs <= end)
        .sort((left, right) => left.atMs - right.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== due);
      this.#now = Math.max(this.#now, due.atMs);
      due.call();
    }
    this.#now = end;
  }
}
