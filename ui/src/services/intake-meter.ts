/**
 * How far intake of the present connection is behind, over the last 60 s of a monotonic clock.
 *
 * Nothing ever came, nothing comes now, all is well, and two degrees of late are told apart; the most severe one that
 * holds is named. A bound is still well: late is what is above it. The number of waiting records counts while
 * delivery is live and once it has been above a bound for a second on end: a replay fills the window on purpose, and
 * a burst is applied in a moment. A connection that was left because too much waited is stalled until it is live.
 */

import type { ConnectionPhase, IntakeHealth } from "../model/frame";

const WINDOW_MS = 60_000;
const BUCKET_MS = 1_000;
export const SLOW_MS = 1_000;
export const STALLED_MS = 5_000;
export const SLOW_RECORDS = 100;
export const STALLED_RECORDS = 500;
/** A queue stands when it has been above a bound for so long. */
export const STANDING_MS = 1_000;

interface Bucket {
  readonly second: number;
  records: number;
  totalMs: number;
  maximumMs: number;
}

export interface Backlog {
  readonly records: number;
  readonly bytes: number;
  /** Time since the oldest of them was received. */
  readonly ageMs: number;
}

export class IntakeMeter {
  #buckets: Bucket[] = [];
  #since: number | null = null;
  /** Since when more than a bound has waited; null while it does not. */
  #slowSince: number | null = null;
  #stalledSince: number | null = null;

  /** Records were applied, so long after they were received. */
  applied(records: number, latencyMs: number, nowMs: number): void {
    this.#since ??= nowMs;
    const second = Math.floor(nowMs / BUCKET_MS);
    let bucket = this.#buckets.at(-1);
    if (bucket?.second !== second) {
      bucket = { second, records: 0, totalMs: 0, maximumMs: 0 };
      this.#buckets.push(bucket);
    }
    bucket.records += records;
    bucket.totalMs += records * latencyMs;
    bucket.maximumMs = Math.max(bucket.maximumMs, latencyMs);
    this.#forget(nowMs);
  }

  /** So many records wait now; to be told whenever their number changes. */
  waiting(records: number, nowMs: number): void {
    this.#slowSince = records > SLOW_RECORDS ? (this.#slowSince ?? nowMs) : null;
    this.#stalledSince = records > STALLED_RECORDS ? (this.#stalledSince ?? nowMs) : null;
  }

  /** Another connection begins: its figures are its own. */
  restart(): void {
    this.#buckets = [];
    this.#since = null;
    this.waiting(0, 0);
  }

  /** There is something in the window, so its figures change by themselves. */
  isMoving(nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#buckets.length > 0 || this.#slowSince !== null;
  }

  view(backlog: Backlog, nowMs: number, phase: ConnectionPhase): IntakeHealth {
    this.#forget(nowMs);
    const records = this.#buckets.reduce((sum, bucket) => sum + bucket.records, 0);
    const total = this.#buckets.reduce((sum, bucket) => sum + bucket.totalMs, 0);
    const maximum = this.#buckets.reduce((most, bucket) => Math.max(most, bucket.maximumMs), 0);
    const averageMs = records === 0 ? null : total / records;
    const seconds = Math.max(1, Math.min(WINDOW_MS, nowMs - (this.#since ?? nowMs)) / 1000);
    return {
      level: this.#level(backlog, averageMs, nowMs, phase),
      pendingRecords: backlog.records,
      pendingBytes: backlog.bytes,
      averageMs,
      maximumMs: records === 0 ? null : maximum,
      recordsPerSecond: records / seconds,
    };
  }

  #level(
    backlog: Backlog,
    averageMs: number | null,
    nowMs: number,
    phase: ConnectionPhase,
  ): IntakeHealth["level"] {
    const worst = Math.max(averageMs ?? 0, backlog.records > 0 ? backlog.ageMs : 0);
    const stands = (since: number | null) =>
      phase === "live" && since !== null && nowMs - since >= STANDING_MS;
    if (phase === "falling_behind" || worst > STALLED_MS || stands(this.#stalledSince)) return "stalled";
    if (worst > SLOW_MS || stands(this.#slowSince)) return "slow";
    if (averageMs !== null || backlog.records > 0) return "healthy";
    return this.#since === null ? "no_data" : "idle";
  }

  #forget(nowMs: number): void {
    const oldest = Math.floor((nowMs - WINDOW_MS) / BUCKET_MS);
    while ((this.#buckets[0]?.second ?? Number.POSITIVE_INFINITY) <= oldest) this.#buckets.shift();
  }
}
