/**
 * Watches that a worker answers: asked every few seconds, it is silent after one question without an answer, and gone
 * after several.
 *
 * Silence is counted in questions, not in time: a machine that slept, or a tab whose timers were held back, misses
 * one at most.
 */

import type { Clock } from "./clock";

const BEAT_MS = 5_000;
const MAX_MISSED = 6;

export interface PulseEvents {
  /** Ask the worker; resolves when it is not busy with anything else. */
  ask(): Promise<void>;
  silent(): void;
  /** It answers again after it was silent. */
  back(): void;
  gone(): void;
}

export class WorkerPulse {
  #stop: () => void;
  #isAsked = false;
  #missed = 0;

  constructor(
    private readonly clock: Clock,
    private readonly events: PulseEvents,
  ) {
    this.#stop = () => undefined;
    this.#ask();
    this.#wait();
  }

  stop(): void {
    this.#stop();
  }

  #wait(): void {
    this.#stop = this.clock.after(BEAT_MS, () => {
      if (!this.#isAsked) this.#ask();
      else {
        this.#missed += 1;
        if (this.#missed >= MAX_MISSED) return this.events.gone();
        this.events.silent();
      }
      this.#wait();
    });
  }

  #ask(): void {
    this.#isAsked = true;
    const answered = () => {
      this.#isAsked = false;
      if (this.#missed > 0) this.events.back();
      this.#missed = 0;
    };
    this.events.ask().then(answered, () => undefined);
  }
}
