/**
 * Which records the engine's workers die on.
 *
 * A worker says where it stands only after an earlier one has died: saying it costs a message for each record. Who dies
 * at the same record twice would do so for ever; the next one sets the record aside.
 */

import type { HopelessRecord, Place } from "./run-feed";

const DEATHS = 2;

export class Suspects {
  #at: Place | null = null;
  #isCareful = false;
  readonly #deaths = new Map<string, number>();
  #hopeless: readonly HopelessRecord[] = [];

  /** Whether the next worker has to say where it stands. */
  get isCareful(): boolean {
    return this.#isCareful;
  }

  get hopeless(): readonly HopelessRecord[] {
    return this.#hopeless;
  }

  /** The worker is about to apply this record; null: it does something else. */
  readonly standsAt = (place: Place | null): void => {
    this.#at = place;
  };

  /** The worker died; true when a record is to be set aside for it. */
  died(message: string): boolean {
    const at = this.#at;
    this.#at = null;
    this.#isCareful = true;
    if (at === null) return false;
    const key = `${at.partition} ${at.offset}`;
    const deaths = (this.#deaths.get(key) ?? 0) + 1;
    this.#deaths.set(key, deaths);
    if (deaths < DEATHS) return false;
    this.#hopeless = [
      ...this.#hopeless,
      { ...at, reason: `its engine stopped there ${deaths} times: ${message}` },
    ];
    return true;
  }
}
