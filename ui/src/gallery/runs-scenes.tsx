import { RunsView } from "../features/runs/runs-view";
import { NO_FILTERS, type RunsState } from "../stores/runs";
import { listingOf } from "../testing/fake-services";
import { STARTED_US } from "../testing/frames";
import type { Scene } from "./gallery-page";

const NOW_MS = STARTED_US / 1000 + 61_000;

const LISTED = [
  listingOf({
    runId: "run-1",
    status: "running",
    durationUs: null,
    endedUs: null,
    startedUs: STARTED_US + 40_000_000,
    lastUs: STARTED_US + 60_000_000,
  }),
  listingOf({
    runId: "run-2",
    status: "interrupted",
    threadId: "thread-41",
    interrupts: [{ id: "i1", nodeId: "approve", value: '"good?"', when: "inside" }],
  }),
  listingOf({
    runId: "run-3",
    status: "error",
    graphName: "invoice_reader",
    errors: 3,
    threadId: "invoice-2026-0117",
  }),
  listingOf({ runId: "run-4", resumes: "run-2", losses: 12 }),
  listingOf({ runId: "run-5", status: "recursion_limit", supersteps: 25, durationUs: 192_000_000 }),
  listingOf({
    runId: "run-6",
    status: "cancelled",
    durationUs: 420_000,
    promptTokens: 0,
    completionTokens: 0,
  }),
  ...Array.from({ length: 300 }, (_, index) =>
    listingOf({ runId: `run-${index + 7}`, startedUs: STARTED_US - index * 47_000_000 }),
  ),
];

function scene(id: string, title: string, state: Partial<RunsState>): Scene {
  const full: RunsState = {
    filters: NO_FILTERS,
    runs: [],
    hasMore: false,
    settled: true,
    failure: null,
    ...state,
  };
  const nothing = () => undefined;
  return {
    id: `runs-${id}`,
    title,
    show: () => (
      <RunsView
        state={full}
        nowMs={NOW_MS}
        onFilters={nothing}
        onClear={nothing}
        onOpen={nothing}
        onLoadMore={nothing}
        onRetry={nothing}
      />
    ),
  };
}

const UNREACHABLE = { message: "no answer from the gateway", status: null, code: "unreachable", attempts: 3 };

export const RUNS_SCENES: readonly Scene[] = [
  scene("list", "A list of runs", { runs: LISTED, hasMore: true }),
  scene("empty", "No runs yet", {}),
  scene("no-match", "No run matches", { filters: { ...NO_FILTERS, text: "nothing" } }),
  scene("reading", "Reading", { settled: false }),
  scene("stale", "The gateway went away", { runs: LISTED, failure: UNREACHABLE }),
  scene("unreachable", "The gateway was never there", { settled: false, failure: UNREACHABLE }),
  scene("token", "A token is needed", {
    settled: false,
    failure: { message: "this gateway needs a token", status: 401, code: "unauthenticated", attempts: 1 },
  }),
];
