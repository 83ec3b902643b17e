/**
 * A question to the engine whose answer follows the run.
 *
 * At most one question is in flight; what changes meanwhile is asked once more, with the newest question, when the
 * answer is here. An answer to an older question is shown until the newer one comes, so that nothing flickers, and
 * `settled` says whether the answer is the one to the question that is asked now.
 */

import { type RefObject, useEffect, useRef, useState } from "react";

export interface Answer<T> {
  /** The newest answer; null before the first. */
  readonly value: T | null;
  readonly settled: boolean;
  /** Why the newest question could not be answered; `value` is then of an older one. */
  readonly error: string | null;
}

interface Asked<T> {
  readonly key: string;
  readonly value: T | null;
  readonly error: string | null;
}

interface Asking<T> {
  key: string;
  question: () => Promise<T>;
  busy: boolean;
  mounted: boolean;
}

/** Ask `question` whenever `key` changes; the key names everything that the question depends on. */
export function useAnswer<T>(key: string, question: () => Promise<T>): Answer<T> {
  const [asked, setAsked] = useState<Asked<T> | null>(null);
  const asking = useRef<Asking<T>>({ key, question, busy: false, mounted: true });
  asking.current.key = key;
  asking.current.question = question;

  useEffect(() => {
    const current = asking.current;
    current.mounted = true;
    return () => {
      current.mounted = false;
    };
  }, []);

  // The loop reads the newest key by itself; the effect only starts it when nothing is in flight.
  useEffect(() => {
    if (asking.current.busy || asked?.key === key) return;
    void askUntilCurrent(asking, setAsked);
  }, [key, asked?.key]);

  return { value: asked?.value ?? null, settled: asked?.key === key, error: asked?.error ?? null };
}

async function askUntilCurrent<T>(
  { current: asking }: RefObject<Asking<T>>,
  publish: (update: (before: Asked<T> | null) => Asked<T>) => void,
): Promise<void> {
  asking.busy = true;
  for (let answered: string | null = null; asking.mounted && answered !== asking.key; ) {
    const { key, question } = asking;
    const outcome = await question().then(
      (value) => ({ value }),
      (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
    );
    answered = key;
    if (!asking.mounted) break;
    publish((before) =>
      "value" in outcome
        ? { key, value: outcome.value, error: null }
        : { key, value: before?.value ?? null, error: outcome.error },
    );
  }
  // In the same turn as the last look at the key: a key that changes from here on finds nobody asking.
  asking.busy = false;
}
