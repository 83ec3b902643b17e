/**
 * The part of a large run around a moment that somebody wants to see before the reading comes to it.
 *
 * It begins at the last full state before that moment, and no more is read once the moment is there. Another moment
 * that it has as well is answered from it; any other one gives it up.
 */

import type { RunModel } from "../model/run";
import type { Moment } from "../model/views";
import type { Start } from "../protocol/control";
import { type PartSource, RunPart } from "./run-part";

/** Whoever waits is answered after this time at the latest, if only that the moment is not there yet. */
export const PATIENCE_MS = 10_000;

export type SoughtMoment = Exclude<Moment, { readonly kind: "live" }>;

export interface SoughtPartOptions extends PartSource {
  /** The next offset of what was read from the beginning. */
  readonly reached: () => bigint;
  readonly changed: () => void;
}

export class SoughtPart {
  #part: RunPart | null = null;
  #key = "";
  #isThere = false;
  readonly #waiting = new Set<() => void>();

  constructor(private readonly options: SoughtPartOptions) {}

  get run(): RunModel | null {
    return this.#part?.begun ?? null;
  }

  /** Resolves once the moment is here, or it is no use to wait any longer. */
  seek(moment: SoughtMoment): Promise<void> {
    const key = JSON.stringify(moment);
    if (key !== this.#key && !this.#has(moment)) this.#read(moment, key);
    if (this.#part === null || this.#has(moment)) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = () => {
        disarm();
        this.#waiting.delete(settle);
        resolve();
      };
      const disarm = this.options.clock.after(PATIENCE_MS, settle);
      this.#waiting.add(settle);
    });
  }

  drop(): void {
    this.#part?.stop();
    this.#part = null;
    this.#key = "";
    this.#settle();
  }

  #read(moment: SoughtMoment, key: string): void {
    this.drop();
    this.#key = key;
    this.#isThere = false;
    this.#part = new RunPart(this.options, startOf(moment), {
      accepts: (delivery) =>
        delivery.kind === "records" && (delivery.entries[0]?.offset ?? 0n) > this.options.reached(),
      changed: () => this.#changed(moment),
      caughtUp: () => this.#changed(moment),
      ended: () => this.#giveUp(),
    });
  }

  #changed(moment: SoughtMoment): void {
    if (this.#isThere || !this.#has(moment)) return;
    this.#isThere = true;
    this.#part?.stop();
    this.#settle();
    this.options.changed();
  }

  /** The same moment is not sought again: the reading is as soon there. */
  #giveUp(): void {
    this.#part = null;
    this.#settle();
  }

  #settle(): void {
    for (const settle of this.#waiting) settle();
  }

  #has(moment: SoughtMoment): boolean {
    const run = this.run;
    if (!run?.has(moment)) return false;
    return moment.kind !== "step" || run.steps.isClosed(moment.step);
  }
}

/** From a full state before it, so that what a step changed can be told as well. */
function startOf(moment: SoughtMoment): Start {
  if (moment.kind === "sequence") return { from: "snapshot", sequence: moment.sequence };
  return { from: "snapshot", step: String(Math.max(0, moment.step - 1)) };
}
