/** Time as the services use it: monotonic, and the only place with timers, so that tests can give their own. */

export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Call once, after so many milliseconds; returns how to stop. */
  after(ms: number, call: () => void): () => void;
  /** Call as soon as whatever else waits had its turn; returns how to stop. */
  soon(call: () => void): () => void;
}

/** The browser's clock, in a page or a worker. */
export function browserClock(): Clock {
  return {
    nowMs: () => performance.now(),
    after(ms, call) {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
    soon: turns(),
  };
}

/** A message to oneself comes back at once, but behind what waits; a timer of 0 would be held back for 4 ms. */
function turns(): Clock["soon"] {
  const { port1, port2 } = new MessageChannel();
  const waiting = new Map<number, () => void>();
  let next = 0;
  port2.onmessage = ({ data }: MessageEvent<number>) => {
    const call = waiting.get(data);
    waiting.delete(data);
    call?.();
  };
  return (call) => {
    const turn = next;
    next += 1;
    waiting.set(turn, call);
    port1.postMessage(turn);
    return () => waiting.delete(turn);
  };
}
