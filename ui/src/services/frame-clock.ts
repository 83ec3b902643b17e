/** Tells that something changed, at most once per displayed frame. */

import type { Clock } from "./clock";

const FRAME_MS = 16;
const LATER_MS = 1_000;

export class FrameClock {
  #stop: (() => void) | null = null;
  #isSoon = false;
  #last = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly tell: () => void,
  ) {}

  /** Something changed that should be seen. */
  changed(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    this.#arm(Math.max(0, this.#last + FRAME_MS - this.clock.nowMs()));
  }

  /** Figures that change with time alone should be seen, within a second. */
  changedLater(): void {
    if (this.#stop === null) this.#arm(LATER_MS);
  }

  #arm(ms: number): void {
    this.#stop?.();
    this.#stop = this.clock.after(ms, () => {
      this.#stop = null;
      this.#isSoon = false;
      this.#last = this.clock.nowMs();
      this.tell();
    });
  }
}
