/** The frame of a run of which the newest part is known, and the rest as far as it was read from the beginning. */

import type { Notice, RunFrame, RunSummary } from "./frame";
import type { RunModel } from "./run";

const NOTICE: Notice = {
  id: "newest-part",
  level: "info",
  text: "This run is large: graph and state are its newest, counted from its latest full state on. Older records are being read; all else shows what was read so far",
};

/** `frame` tells what was read from the beginning. */
export function withNewestPart(frame: RunFrame, newest: RunModel): RunFrame {
  const { total, missing } = newest.receipt();
  return {
    ...frame,
    // A producer that does not count the run's records leaves open how many came before.
    receipt: { ...frame.receipt, complete: false, total: missing > 0 ? total : null },
    run: joined(frame.run, newest.summaryView()),
    notices: [NOTICE, ...frame.notices],
  };
}

/** How the run does now, with what only its beginning tells, and the counts of what was read from there. */
function joined(read: RunSummary | null, newest: RunSummary | null): RunSummary | null {
  if (read === null || newest === null) return null;
  const { status, endedUs, lastUs, namespaces } = newest;
  const { startedUs } = read;
  const durationUs = startedUs === null || endedUs === null ? null : Math.max(0, endedUs - startedUs);
  const errors = newest.errors.map((error) => ({ ...error, step: null }));
  return {
    ...read,
    status,
    endedUs,
    lastUs,
    durationUs,
    namespaces,
    errors: errors.length > 0 ? errors : read.errors,
    errorCount: Math.max(newest.errorCount, read.errorCount),
    interrupts: newest.interrupts.map((interrupt) => ({ ...interrupt, step: null })),
  };
}
