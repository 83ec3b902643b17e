/**
 * A question to the gateway over HTTP, asked again and again while somebody looks.
 *
 * Never while the page is hidden, and less often while it fails. What was read stays while a later question fails; a changed key starts anew, and
 * the answer to an older key is dropped.
 */

import { useCallback, useEffect, useRef, useState } from "react";
import { GatewayError } from "./gateway-api";
import { noteAnswer, noteFailure } from "./gateway-contact";

const EVERY_MS = 3000;
/** After failures in a row it is asked less often, down to this. */
const FAILED_AT_MOST_MS = 30_000;

export interface ReadingFailure {
  readonly message: string;
  /** HTTP status; null when no answer came. */
  readonly status: number | null;
}

export interface Reading<T> {
  /** The newest answer to this key; null before the first. */
  readonly value: T | null;
  /** Why the newest question was not answered. */
  readonly failure: ReadingFailure | null;
  /** Ask now. */
  readonly askAgain: () => void;
}

interface Read<T> {
  readonly key: string;
  readonly value: T | null;
  readonly failure: ReadingFailure | null;
}

/** With `once`, only until there is an answer. */
export function useReading<T>(
  key: string,
  question: (signal: AbortSignal) => Promise<T>,
  once = false,
): Reading<T> {
  const [read, setRead] = useState<Read<T>>({ key, value: null, failure: null });
  const [round, setRound] = useState(0);
  const newest = useRef(question);
  newest.current = question;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round asks again
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let answered = false;
    const succeed = (value: T) => {
      if (stop.signal.aborted) return;
      failures = 0;
      answered = true;
      noteAnswer();
      setRead({ key, value, failure: null });
    };
    const fail = (error: unknown) => {
      if (stop.signal.aborted) return;
      failures += 1;
      const failure = failureOf(error);
      noteFailure(failure);
      setRead((before) => ({ key, value: before.key === key ? before.value : null, failure }));
    };
    const ask = async () => {
      if (!document.hidden) await newest.current(stop.signal).then(succeed, fail);
      if (!stop.signal.aborted && !(once && answered))
        timer = setTimeout(ask, Math.min(FAILED_AT_MOST_MS, EVERY_MS * 2 ** Math.min(10, failures)));
    };
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key, round, once]);
  const askAgain = useCallback(() => setRound((before) => before + 1), []);
  return read.key === key
    ? { value: read.value, failure: read.failure, askAgain }
    : { value: null, failure: null, askAgain };
}

function failureOf(error: unknown): ReadingFailure {
  return {
    message: error instanceof Error ? error.message : String(error),
    status: error instanceof GatewayError ? error.status : null,
  };
}
