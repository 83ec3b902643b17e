/** A list that grows at its end and lets go at its front; every member keeps the index that it was added with. */

import { countBelow } from "./columns";

export class Tail<T> {
  readonly #held: T[] = [];
  #first = 0;

  /** Index of the first member that is held. */
  get first(): number {
    return this.#first;
  }

  /** Members that were ever added: the index of the next one. */
  get length(): number {
    return this.#first + this.#held.length;
  }

  push(member: T): void {
    this.#held.push(member);
  }

  /** The member at an index; undefined when there is none, or no longer. */
  at(index: number): T | undefined {
    return this.#held[index - this.#first];
  }

  /** Held members from one index to before another. */
  between(from: number, to: number): T[] {
    return this.#held.slice(Math.max(0, from - this.#first), Math.max(0, to - this.#first));
  }

  /** The newest member; undefined when none is held. */
  get last(): T | undefined {
    return this.#held.at(-1);
  }

  /** Put another member in the place of one that is held. */
  replace(index: number, member: T): void {
    this.#held[index - this.#first] = member;
  }

  /** Index of the first held member whose place, ascending from one to the next, is not below `bound`. */
  indexBelow(bound: number, placeOf: (member: T) => number): number {
    return this.#first + countBelow(this.#held.length, bound, (index) => placeOf(this.#held[index] as T));
  }

  letGoBefore(index: number): void {
    const gone = Math.min(this.#held.length, index - this.#first);
    if (gone <= 0) return;
    this.#held.splice(0, gone);
    this.#first += gone;
  }
}
