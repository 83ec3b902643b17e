/** Waiting between attempts: growing, jittered, capped, and never giving up. Pure. */

export interface BackoffOptions {
  readonly baseMs: number;
  readonly factor: number;
  readonly capMs: number;
}

export const RECONNECT: BackoffOptions = { baseMs: 250, factor: 2, capMs: 15_000 };

/**
 * Milliseconds to wait before an attempt.
 *
 * @param failures failed attempts so far, from 1.
 * @param random a number in [0, 1); half of the delay is jitter, so that many pages do not come back at once.
 */
export function backoffMs(failures: number, random: number, options: BackoffOptions = RECONNECT): number {
  const full = Math.min(options.capMs, options.baseMs * options.factor ** Math.max(0, failures - 1));
  return Math.round(full * (0.5 + random / 2));
}
