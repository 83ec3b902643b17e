import { count, plural } from "../../model/display";
import type { RunFilters } from "../../stores/address";
import type { RunsFailure, RunsState } from "../../stores/runs";
import { Banner } from "../../widgets/banner";
import { Button } from "../../widgets/button";
import { EmptyState } from "../../widgets/empty-state";
import { Prose } from "../../widgets/prose";
import { NoRuns } from "./no-runs";
import { RunList } from "./run-list";
import { RunsToolbar } from "./runs-toolbar";
import { TokenNeeded } from "./token-needed";
import "./runs.css";

export interface RunsViewProps {
  state: RunsState;
  nowMs: number;
  onFilters: (filters: RunFilters) => void;
  onClear: () => void;
  onOpen: (runId: string) => void;
  onLoadMore: () => void;
  onRetry: () => void;
  onToken: (token: string) => void;
}

export function RunsView(props: RunsViewProps) {
  const { state, onFilters, onRetry, onToken } = props;
  const { failure } = state;
  if (failure && (failure.status === 401 || failure.status === 403)) {
    return <TokenNeeded reason={failure.message} onToken={onToken} />;
  }
  return (
    <div className="runs">
      <h1 className="visually-hidden">Runs</h1>
      <RunsToolbar filters={state.filters} runs={state.runs} onFilters={onFilters} />
      {failure && <FailureBanner failure={failure} known={state.runs.length} onRetry={onRetry} />}
      <div className="runs__body">
        <RunsBody {...props} />
      </div>
      <footer className="runs__foot" role="status">
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

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

interface FailureBannerProps {
  failure: RunsFailure;
  known: number;
  onRetry: () => void;
}

function FailureBanner({ failure, known, onRetry }: FailureBannerProps) {
  const unreachable = failure.status === null;
  return (
    <Banner
      tone="error"
      data-testid="runs-failure"
      title={unreachable ? "The gateway does not answer" : "The gateway could not list runs"}
      actions={
        <Button icon="loop" onClick={onRetry}>
          Try now
        </Button>
      }
    >
      <Prose
        text={`${capital(failure.message)}. ${unreachable ? "Start it with `dashstream serve`. " : ""}The page tries again by itself${known > 0 ? "; what you see is from before" : ""}.`}
      />
    </Banner>
  );
}
