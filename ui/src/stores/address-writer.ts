/**
 * Keeps the address in step with the view, within what browsers allow.
 *
 * Chromium drops calls beyond about 200 in ten seconds. A bucket of tokens lets a click write at once, however
 * fast a person clicks, and spreads what a held key or a playing run causes; the last address is always written.
 */

const BURST = 60;
const REFILL_MS = 100;

export interface AddressWriterOptions {
  readonly write: (search: string) => void;
  readonly nowMs: () => number;
}

export interface AddressWriter {
  /** Make `search` the address's query, now or as soon as the browser can bear it. */
  put(search: string): void;
  /** Write what waits, and write no more. */
  stop(): void;
}

export function createAddressWriter({ write, nowMs }: AddressWriterOptions): AddressWriter {
  let tokens = BURST;
  let refilledMs = nowMs();
  let waiting: string | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;

  const flush = () => {
    timer = null;
    if (waiting === null) return;
    tokens -= 1;
    write(waiting);
    waiting = null;
  };

  return {
    put(search) {
      const now = nowMs();
      const earned = Math.max(0, Math.floor((now - refilledMs) / REFILL_MS));
      tokens = Math.min(BURST, tokens + earned);
      refilledMs += earned * REFILL_MS;
      waiting = search;
      if (timer !== null) return;
      if (tokens > 0) flush();
      else timer = setTimeout(flush, REFILL_MS);
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      flush();
    },
  };
}
