/** Dead letters, page by page. */

import type { LetterReason, LettersAnswer, OperationsApi } from "./operations-api";

const PAGE_AT_MOST = 500;

/** The newest `wanted` letters, by as many questions as it takes. */
export async function newestLetters(
  api: OperationsApi,
  reason: LetterReason | null,
  wanted: number,
  signal: AbortSignal,
): Promise<LettersAnswer> {
  const letters: LettersAnswer["letters"][number][] = [];
  let next: string | null = null;
  let known = 0;
  do {
    const page: LettersAnswer = await api.deadLetters(
      {
        ...(reason ? { reason } : {}),
        limit: Math.min(PAGE_AT_MOST, wanted - letters.length),
        ...(next === null ? {} : { before: next }),
      },
      signal,
    );
    letters.push(...page.letters);
    ({ next, known } = page);
  } while (next !== null && letters.length < wanted);
  return { letters, next, known };
}
