/** Growable columns of numbers, and interned names: what lets a page hold a million records cheaply. */

type Numbers = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;

/** A column over a typed array that doubles when full. It lets go at its front; indices stay what they were. */
export class Column<T extends Numbers> {
  #values: T;
  #first = 0;
  length = 0;

  constructor(private readonly make: (capacity: number) => T) {
    this.#values = make(1024);
  }

  /** Index of the first value that is held. */
  get first(): number {
    return this.#first;
  }

  push(value: number): void {
    const place = this.length - this.#first;
    if (place === this.#values.length) {
      const larger = this.make(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[place] = value;
    this.length += 1;
  }

  at(index: number): number {
    return this.#values[index - this.#first] ?? 0;
  }

  letGoBefore(index: number): void {
    if (index <= this.#first) return;
    this.#values.copyWithin(0, index - this.#first, this.length - this.#first);
    this.#first = index;
  }
}

/** The same for whole numbers of 64 bits. */
export class BigColumn {
  #values = new BigUint64Array(1024);
  #first = 0;
  length = 0;

  push(value: bigint): void {
    const place = this.length - this.#first;
    if (place === this.#values.length) {
      const larger = new BigUint64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[place] = value;
    this.length += 1;
  }

  at(index: number): bigint {
    return this.#values[index - this.#first] ?? 0n;
  }

  letGoBefore(index: number): void {
    if (index <= this.#first) return;
    this.#values.copyWithin(0, index - this.#first, this.length - this.#first);
    this.#first = index;
  }
}

export const float64 = () => new Column((capacity) => new Float64Array(capacity));
export const uint32 = () => new Column((capacity) => new Uint32Array(capacity));
export const int32 = () => new Column((capacity) => new Int32Array(capacity));
export const uint16 = () => new Column((capacity) => new Uint16Array(capacity));

/** Texts as small numbers. 0 is the empty text. */
export class Names {
  readonly #names: string[] = [""];
  readonly #ids = new Map<string, number>([["", 0]]);

  id(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#names.length;
    this.#names.push(name);
    this.#ids.set(name, id);
    return id;
  }

  /** The id of a name that may not be known. */
  find(name: string): number | null {
    return this.#ids.get(name) ?? null;
  }

  name(id: number): string {
    return this.#names[id] ?? "";
  }

  get count(): number {
    return this.#names.length;
  }
}

/** How many of the first `length` values, ascending by `valueAt`, are below `bound`. */
export function countBelow(length: number, bound: number, valueAt: (index: number) => number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (valueAt(middle) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
