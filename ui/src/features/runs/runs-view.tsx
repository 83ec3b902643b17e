import { count, plural } from "../../model/display";
import type { RunFilters } from "../../stores/address";
import type { RunsState } from "../../stores/runs";
import { Button } from "../../widgets/button";
import { EmptyState } from "../../widgets/empty-state";
import { FailureBanner } from "../gateway/failure-banner";
import { TokenNeeded } from "../gateway/token-needed";
import { NoRuns } from "./no-runs";
import { RunList } from "./run-list";
import { RunsToolbar } from "./runs-toolbar";
import "../gateway/gateway.css";
import "./runs.css";

export interface RunsViewProps {
  state: RunsState;
  nowMs: number;
  onFilters: (filters: RunFilters) => void;
  onClear: () => void;
  onOpen: (runId: string) => void;
  onLoadMore: () => void;
  onRetry: () => void;
}

export function RunsView(props: RunsViewProps) {
  const { state, onFilters, onRetry } = props;
  const { failure } = state;
  if (failure?.status === 401) return <TokenNeeded reason={failure.message} onUsed={onRetry} />;
  return (
    <div className="runs">
      <h1 className="visually-hidden">Runs</h1>
      <RunsToolbar filters={state.filters} runs={state.runs} onFilters={onFilters} />
      {failure && (
        <FailureBanner
          task="list runs"
          failure={failure}
          stale={state.runs.length > 0}
          onRetry={onRetry}
          data-testid="runs-failure"
        />
      )}
      <div className="runs__body">
        <RunsBody {...props} />
      </div>
      <footer className="screen__foot" role="status">
        {state.settled && state.runs.length > 0 && (
          <span>
            {state.hasMore ? `The newest ${count(state.runs.length)} runs` : plural(state.runs.length, "run")}
          </span>
        )}
        {state.hasMore && (
          <Button variant="ghost" onClick={props.onLoadMore}>
            Load more
          </Button>
        )}
      </footer>
    </div>
  );
}

function RunsBody({ state, nowMs, onOpen, onClear }: RunsViewProps) {
  const { status, graph, text } = state.filters;
  if (state.runs.length > 0) return <RunList runs={state.runs} nowMs={nowMs} onOpen={onOpen} />;
  if (!state.settled)
    return <EmptyState icon="list" title={state.failure ? "No runs are known yet" : "Reading runs…"} />;
  if (status || graph || text) {
    return (
      <EmptyState
        icon="search"
        title="No run matches"
        actions={<Button onClick={onClear}>Clear the filters</Button>}
      >
        Text is looked for in the id, thread, graph and program of a run.
      </EmptyState>
    );
  }
  return <NoRuns />;
}
