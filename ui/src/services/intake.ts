/**
 * What was received and is not applied yet, in order, with bounds.
 *
 * A replay is paced by the credit that applying gives back, so the bounds are above what one window can hold and are
 * met only when applying stands still.
 */

import type { Entry } from "../protocol/gen/dashstream_pb";
import type { Delivery } from "../protocol/session-types";
import type { Backlog } from "./intake-meter";

export interface IntakeBounds {
  readonly records: number;
  readonly bytes: number;
  readonly ageMs: number;
}

export const INTAKE_BOUNDS: IntakeBounds = { records: 200_000, bytes: 64 * 1024 * 1024, ageMs: 30_000 };

/** One thing to apply. Everything but a record is applied when its turn comes, too. */
export type IntakeItem =
  | { readonly kind: "record"; readonly entry: Entry; readonly receivedMs: number }
  | { readonly kind: "duplicates"; readonly count: number }
  | {
      readonly kind: "control";
      readonly delivery: Exclude<Delivery, { kind: "records" }>;
      readonly generation: number;
    };

interface Portion {
  readonly delivery: Delivery;
  readonly generation: number;
  readonly bytes: number;
  readonly receivedMs: number;
}

export class Intake {
  #portions: Portion[] = [];
  #first = 0;
  /** Records of the first portion that are taken. */
  #taken = 0;
  #records = 0;
  #bytes = 0;

  constructor(private readonly bounds: IntakeBounds = INTAKE_BOUNDS) {}

  get isEmpty(): boolean {
    return this.#first === this.#portions.length;
  }

  backlog(nowMs: number): Backlog {
    const oldest = this.#portions[this.#first];
    const ageMs = oldest === undefined ? 0 : nowMs - oldest.receivedMs;
    return { records: this.#records, bytes: this.#bytes, ageMs };
  }

  push(delivery: Delivery, generation: number, bytes: number, receivedMs: number): void {
    this.#portions.push({ delivery, generation, bytes, receivedMs });
    this.#bytes += bytes;
    if (delivery.kind === "records") this.#records += delivery.entries.length;
  }

  /** Which bound is exceeded, in words; null when none is. */
  overflow(nowMs: number): string | null {
    const { records, bytes, ageMs } = this.backlog(nowMs);
    if (records > this.bounds.records) return `${records} records wait to be shown`;
    if (bytes > this.bounds.bytes) return `${Math.round(bytes / 1_000_000)} MB wait to be shown`;
    if (ageMs > this.bounds.ageMs) return `Records wait for ${Math.round(ageMs / 1000)} s to be shown`;
    return null;
  }

  /** The next thing to apply. */
  take(): IntakeItem | null {
    for (;;) {
      const portion = this.#portions[this.#first];
      if (portion === undefined) return null;
      const { delivery, generation, receivedMs } = portion;
      if (delivery.kind !== "records") {
        this.#drop(portion);
        return { kind: "control", delivery, generation };
      }
      const entry = delivery.entries[this.#taken];
      if (entry !== undefined) {
        this.#taken += 1;
        this.#records -= 1;
        return { kind: "record", entry, receivedMs };
      }
      this.#drop(portion);
      if (delivery.duplicates > 0) return { kind: "duplicates", count: delivery.duplicates };
    }
  }

  clear(): void {
    this.#portions = [];
    this.#first = 0;
    this.#taken = 0;
    this.#records = 0;
    this.#bytes = 0;
  }

  #drop(portion: Portion): void {
    this.#bytes -= portion.bytes;
    this.#taken = 0;
    this.#first += 1;
    if (this.#first < 64) return;
    this.#portions = this.#portions.slice(this.#first);
    this.#first = 0;
  }
}
