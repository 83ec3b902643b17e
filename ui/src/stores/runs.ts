/**
 * The list of runs: asked for again and again while somebody looks at it.
 *
 * Laws:
 *
 * 1. At most one question is in flight; a changed filter gives up the older one, whose answer is dropped.
 * 2. Every 500 ms while a run is live, every second else, never while the page is hidden.
 * 3. A failure is shown with its cause and keeps what is known; attempts back off to ten seconds and never stop.
 */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { RunFilters } from "./address";
import { type GatewayApi, GatewayError, type RunListing, type RunsQuery } from "./gateway-api";
import { noteAnswer, noteFailure } from "./gateway-contact";

export interface RunsFailure {
  readonly message: string;
  readonly status: number | null;
  readonly code: string;
  /** Attempts that failed in a row. */
  readonly attempts: number;
}

export interface RunsState {
  readonly filters: RunFilters;
  readonly runs: readonly RunListing[];
  /** There are more runs than were asked for. */
  readonly hasMore: boolean;
  /** The runs shown are the answer to the filters shown. */
  readonly settled: boolean;
  readonly failure: RunsFailure | null;
}

export interface RunsStore extends StoreApi<RunsState> {
  filter(filters: RunFilters): void;
  loadMore(): void;
  retry(): void;
  /** Start asking; returns how to stop. */
  start(): () => void;
}

const LIVE_MS = 250;
const CALM_MS = 300;
const FAILED_MS = 500;
const FAILED_AT_MOST_MS = 10_000;
const PAGE = 200;
const PAGE_AT_MOST = 500;

export const NO_FILTERS: RunFilters = { status: null, graph: "", text: "" };

export function createRunsStore(api: GatewayApi, filters: RunFilters = NO_FILTERS): RunsStore {
  const store = createStore<RunsState>(() => ({
    filters,
    runs: [],
    hasMore: false,
    settled: false,
    failure: null,
  }));
  let wanted = PAGE;
  let etag: string | null = null;
  let asking: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let started = false;

  const waitMs = (): number => {
    const { failure, runs } = store.getState();
    if (failure) return Math.min(FAILED_AT_MOST_MS, FAILED_MS * 2 ** Math.min(10, failure.attempts - 1));
    return runs.some(({ status }) => status === "running") ? LIVE_MS : CALM_MS;
  };

  const accept = (answer: Pages | "unchanged"): void => {
    if (answer !== "unchanged") {
      etag = answer.etag;
      store.setState({ runs: answer.runs, hasMore: answer.hasMore });
    }
    store.setState({ settled: true, failure: null });
    noteAnswer();
  };

  const fail = (error: unknown): void => {
    const failure = failureOf(error, (store.getState().failure?.attempts ?? 0) + 1);
    store.setState({ failure });
    noteFailure(failure);
  };

  const ask = async (): Promise<void> => {
    clearTimeout(timer);
    asking?.abort();
    if (!started || document.hidden) return;
    const mine = new AbortController();
    asking = mine;
    try {
      const answer = await pages(api, queryOf(store.getState().filters), wanted, etag, mine.signal);
      if (asking === mine) accept(answer);
    } catch (error) {
      if (asking === mine && !mine.signal.aborted) fail(error);
    }
    if (asking !== mine) return;
    if (started) timer = setTimeout(ask, waitMs());
  };

  const askAnew = () => {
    etag = null;
    void ask();
  };

  return {
    ...store,
    filter(next) {
      if (JSON.stringify(next) === JSON.stringify(store.getState().filters)) return;
      wanted = PAGE;
      store.setState({ filters: next, settled: false });
      askAnew();
    },
    loadMore() {
      wanted += PAGE;
      askAnew();
    },
    retry: askAnew,
    start() {
      started = true;
      const onVisible = () => void ask();
      document.addEventListener("visibilitychange", onVisible);
      void ask();
      return () => {
        started = false;
        document.removeEventListener("visibilitychange", onVisible);
        clearTimeout(timer);
        asking?.abort();
      };
    },
  };
}

function queryOf({ status, graph, text }: RunFilters): RunsQuery {
  return { ...(status ? { status } : {}), ...(graph ? { graph } : {}), ...(text ? { text } : {}) };
}

function failureOf(error: unknown, attempts: number): RunsFailure {
  if (error instanceof GatewayError)
    return { message: error.message, status: error.status, code: error.code, attempts };
  return {
    message: error instanceof Error ? error.message : String(error),
    status: null,
    code: "failed",
    attempts,
  };
}

interface Pages {
  readonly runs: readonly RunListing[];
  readonly hasMore: boolean;
  readonly etag: string | null;
}

/** The newest `wanted` runs, by as many questions as it takes; an unchanged list takes one. */
async function pages(
  api: GatewayApi,
  query: RunsQuery,
  wanted: number,
  etag: string | null,
  signal: AbortSignal,
): Promise<Pages | "unchanged"> {
  const first = await api.runs({ ...query, limit: Math.min(wanted, PAGE_AT_MOST) }, etag, signal);
  if (first === "unchanged") return first;
  const runs = new Map(first.runs.map((run) => [run.runId, run]));
  let next = first.next;
  while (next !== null && runs.size < wanted) {
    const page = await api.runs(
      { ...query, limit: Math.min(wanted - runs.size, PAGE_AT_MOST), before: next },
      null,
      signal,
    );
    if (page === "unchanged") break;
    for (const run of page.runs) runs.set(run.runId, run);
    next = page.next;
  }
  return { runs: [...runs.values()], hasMore: next !== null, etag: first.etag };
}
