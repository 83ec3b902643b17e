/** Checked access to the fields of a JSON answer: what is not as stated is a bad answer, never a wrong value. */

/** An answer is not what the API says. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
}

const INTEGER = /^-?\d{1,20}$/;

export class AnswerReader {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    private readonly where: string,
  ) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new AnswerError(`${where} is not an object`);
    }
    this.#fields = value as Record<string, unknown>;
  }

  text(name: string): string {
    const value = this.raw(name);
    return typeof value === "string" ? value : this.#refuse(name, "text");
  }

  maybeText(name: string): string | null {
    return this.#isAbsent(name) ? null : this.text(name);
  }

  /** One of some texts. */
  choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.text(name);
    return choices.find((choice) => choice === value) ?? this.#refuse(name, `one of ${choices.join(", ")}`);
  }

  flag(name: string): boolean {
    const value = this.raw(name);
    return typeof value === "boolean" ? value : this.#refuse(name, "true or false");
  }

  number(name: string): number {
    const value = this.raw(name);
    return typeof value === "number" && Number.isFinite(value) ? value : this.#refuse(name, "a number");
  }

  maybeNumber(name: string): number | null {
    return this.#isAbsent(name) ? null : this.number(name);
  }

  /** A 64-bit integer as its decimal text. */
  integer(name: string): string {
    const value = this.text(name);
    return INTEGER.test(value) ? value : this.#refuse(name, "a decimal integer");
  }

  maybeInteger(name: string): string | null {
    return this.#isAbsent(name) ? null : this.integer(name);
  }

  /** Microseconds, which a double holds exactly until the year 2255. */
  us(name: string): number {
    return Number(this.integer(name));
  }

  maybeUs(name: string): number | null {
    return this.#isAbsent(name) ? null : this.us(name);
  }

  list<T>(name: string, read: (item: unknown) => T): T[] {
    const value = this.raw(name);
    return Array.isArray(value) ? value.map(read) : this.#refuse(name, "a list");
  }

  raw(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  #isAbsent(name: string): boolean {
    return this.raw(name) === null || this.raw(name) === undefined;
  }

  #refuse(name: string, wanted: string): never {
    throw new AnswerError(`${this.where}: '${name}' is not ${wanted}`);
  }
}
