/** Runs that wait for a person. */

import type { GatewayApi, RunInterrupt, RunListing } from "./gateway-api";

const PAGE = 500;
/** Pages that are read at most: nobody answers more than that at a sitting. */
const PAGES = 4;

export interface Waiting {
  readonly run: RunListing;
  readonly interrupt: RunInterrupt;
  /** When the run stopped to ask. */
  readonly sinceUs: number;
}

/** An interrupt waits for a person until another run resumes the thread. */
export function waitsForPerson(run: RunListing): boolean {
  return run.status === "interrupted" && run.interrupts.length > 0 && run.resumedBy === null;
}

/** Every question that waits, the longest waiting first. */
export async function waitingQuestions(api: GatewayApi, signal: AbortSignal): Promise<readonly Waiting[]> {
  const waiting: Waiting[] = [];
  let before: string | null = null;
  for (let page = 0; page < PAGES && (page === 0 || before !== null); page++) {
    const query = { status: "interrupted" as const, limit: PAGE, ...(before === null ? {} : { before }) };
    const answer = await api.runs(query, null, signal);
    if (answer === "unchanged") break;
    for (const run of answer.runs.filter(waitsForPerson)) {
      const sinceUs = run.endedUs ?? run.lastUs;
      waiting.push(...run.interrupts.map((interrupt) => ({ run, interrupt, sinceUs })));
    }
    before = answer.next;
  }
  return waiting.sort((a, b) => a.sinceUs - b.sinceUs);
}
