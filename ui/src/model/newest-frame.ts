/** The frame of a run of which the newest part is known, and the rest as far as it was read from the beginning. */

import { count } from "./display";
import type { Notice, RunFrame, RunSummary } from "./frame";
import { unreadBetween } from "./partial-answers";
import type { RunModel } from "./run";

/** `frame` tells what was read from the beginning. */
export function withNewestPart(frame: RunFrame, whole: RunModel, newest: RunModel): RunFrame {
  const { total, missing } = newest.receipt();
  const unread = unreadBetween(whole, newest);
  const first = newest.records.sequence(newest.records.first);
  return {
    ...frame,
    // A producer that does not count the run's records leaves open how many came before.
    receipt: { ...frame.receipt, complete: false, total: missing > 0 ? total : null },
    run: joined(frame.run, newest.summaryView()),
    steps: newest.steps.end,
    markers: [...frame.markers.filter(({ sequence }) => BigInt(sequence) < first), ...newest.markers],
    lastSequence: newest.lastSequence,
    unread,
    notices: [...(unread === null ? [] : [noticeOf(unread)]), ...frame.notices],
  };
}

function noticeOf({ from, to }: NonNullable<RunFrame["unread"]>): Notice {
  return {
    id: "newest-part",
    level: "info",
    text: `This run is large: its newest part is here, and ${unreadText(from, to)} are still being read. Figures are of what was read so far; the graph counts from a full state on`,
  };
}

const unreadText = (from: string, to: string) => `records ${count(Number(from))} to ${count(Number(to))}`;

/** How the run does now, with what only its beginning tells, and the counts of what was read from there. */
function joined(read: RunSummary | null, newest: RunSummary | null): RunSummary | null {
  if (read === null || newest === null) return null;
  const { status, endedUs, lastUs, namespaces, errors, interrupts } = newest;
  const { startedUs } = read;
  return {
    ...read,
    status,
    endedUs,
    lastUs,
    durationUs: startedUs === null || endedUs === null ? null : Math.max(0, endedUs - startedUs),
    namespaces,
    errors: errors.length > 0 ? errors : read.errors,
    errorCount: Math.max(newest.errorCount, read.errorCount),
    interrupts,
  };
}
