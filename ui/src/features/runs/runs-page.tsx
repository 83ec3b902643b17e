/** The list of runs: filters come from the address, runs from the gateway, again and again while it is looked at. */

import { useEffect, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useStore } from "zustand";
import { type RunFilters, readFilters, runAddress, writeFilters } from "../../stores/address";
import { createRunsStore, NO_FILTERS } from "../../stores/runs";
import { useNow } from "../../stores/use-now";
import { useServices } from "../../stores/use-services";
import { RunsView } from "./runs-view";

const TICK_MS = 250;

export function RunsPage() {
  const { api } = useServices();
  const search = useSearch();
  const [, navigate] = useLocation();
  const [store] = useState(() => createRunsStore(api, readFilters(search)));
  const state = useStore(store);
  const live = state.runs.some(({ status }) => status === "running");
  const nowMs = useNow(live ? TICK_MS : null);

  useEffect(() => store.start(), [store]);
  useEffect(() => store.filter(readFilters(search)), [store, search]);
  useEffect(() => {
    document.title = "Runs · DashStream";
  }, []);

  const filter = (filters: RunFilters) => navigate(`/${writeFilters(filters)}`, { replace: true });
  return (
    <RunsView
      state={{ ...state, filters: readFilters(search) }}
      nowMs={nowMs}
      onFilters={filter}
      onClear={() => filter(NO_FILTERS)}
      onOpen={(runId) => navigate(runAddress(runId))}
      onLoadMore={store.loadMore}
      onRetry={store.retry}
    />
  );
}
