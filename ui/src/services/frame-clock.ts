/**
 * Tells that something changed, at most once per displayed frame, and never faster than whoever is told can take it.
 *
 * Law: one telling is under way at a time, and the next one waits for a few times as long as it took. So a page that
 * is slow to show a frame is told less often and keeps most of its time for its user, whatever the rate of records.
 */

import type { Clock } from "./clock";

const FRAME_MS = 16;
const LATER_MS = 1_000;
/** Of the time from one telling to the next, what the telling itself may take is one part in so many. */
const SHARE = 4;
const SLOWEST_MS = 250;

export class FrameClock {
  #stop: (() => void) | null = null;
  #isSoon = false;
  #isTelling = false;
  #last = Number.NEGATIVE_INFINITY;
  #paceMs = FRAME_MS;

  /** `tell` may return a promise: of when what it told has been taken in. */
  constructor(
    private readonly clock: Clock,
    private readonly tell: () => Promise<void> | undefined,
  ) {}

  /** Something changed that should be seen. */
  changed(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    if (!this.#isTelling) this.#armNext();
  }

  /** Figures that change with time alone should be seen, within a second. */
  changedLater(): void {
    if (this.#stop === null) this.#arm(LATER_MS);
  }

  #armNext(): void {
    this.#arm(Math.max(0, this.#last + this.#paceMs - this.clock.nowMs()));
  }

  #arm(ms: number): void {
    this.#stop?.();
    this.#stop = this.clock.after(ms, () => {
      this.#stop = null;
      this.#isSoon = this.#isTelling;
      if (this.#isTelling) return;
      this.#last = this.clock.nowMs();
      const taken = this.tell();
      if (taken === undefined) return;
      this.#isTelling = true;
      const done = () => this.#taken();
      taken.then(done, done);
    });
  }

  #taken(): void {
    this.#isTelling = false;
    const tookMs = this.clock.nowMs() - this.#last;
    this.#paceMs = Math.min(SLOWEST_MS, Math.max(FRAME_MS, SHARE * tookMs));
    if (this.#isSoon) this.#armNext();
  }
}
