import { useCallback, useEffect } from "react";
import { useStore } from "zustand";
import type { EngineApi, Moment, RunFrame } from "../../stores/engine";
import type { RunViewStore } from "../../stores/run-view";
import { useNow } from "../../stores/use-now";
import { EmptyState } from "../../widgets/empty-state";
import { Progress } from "../../widgets/progress";
import { runStatusLabel } from "../../widgets/run-status";
import { useCopyLink } from "./copy-link";
import { RunBanners } from "./run-banners";
import { RunHeader } from "./run-header";
import { RunPanes } from "./run-panes";
import { useRunCommands } from "./use-run-commands";
import { useShownStep } from "./use-shown-step";
import "./run-page.css";

const TICK_MS = 250;

interface RunScreenProps {
  engine: EngineApi;
  frame: RunFrame;
  view: RunViewStore;
  /** The run that answered this one's interrupts. */
  resumedBy: string | null;
  onExport: (() => void) | null;
}

export function RunScreen({ engine, frame, view, resumedBy, onExport }: RunScreenProps) {
  const { run, receipt, connection } = frame;
  const moment = useStore(view, (state) => state.moment);
  const step = useShownStep(engine, frame, moment);
  const nowMs = useNow(run?.status === "running" ? TICK_MS : null);
  const onMoment = useCallback((next: Moment) => view.change({ moment: next }), [view]);
  const onStep = useCallback((next: number) => onMoment({ kind: "step", step: next }), [onMoment]);

  const onCopyLink = useCopyLink(frame, view, step);
  useRunCommands(engine, frame, view);

  const name = run?.graphName;
  useEffect(() => {
    document.title = name ? `${name} · DashStream` : "DashStream";
  }, [name]);

  const catchingUp = connection.phase === "catching_up";
  return (
    <div className="run-page" data-testid="run-page" data-phase={connection.phase}>
      <RunHeader
        run={run}
        openId={frame.openId ?? ""}
        receipt={receipt}
        resumedBy={resumedBy}
        isResyncing={frame.connection.phase === "falling_behind"}
        nowMs={nowMs}
        onStep={onStep}
        onCopyLink={onCopyLink}
        onExport={onExport}
      />
      <div className="run-page__progress">
        {catchingUp && (
          <Progress
            label="Reading retained records"
            value={receipt.total ? receipt.received / receipt.total : null}
          />
        )}
      </div>
      <RunBanners
        frame={frame}
        resumedBy={resumedBy}
        onRetry={() => engine.retry()}
        onResolve={() => engine.resolveMismatch()}
        onMoment={onMoment}
      />
      <div className="run-page__panes">
        {run === null && connection.phase === "live" && receipt.received === 0 ? (
          <EmptyState icon="search" title="Nothing is retained of this run">
            The gateway is connected and has no record of <code>{frame.openId}</code>. The run may not have
            begun, or the log no longer keeps it.
          </EmptyState>
        ) : (
          <RunPanes pane={{ engine, frame, moment, onMoment }} step={step} view={view} />
        )}
      </div>
      <span className="visually-hidden" role="status">
        {run && `The run is: ${runStatusLabel(run.status)}`}
      </span>
    </div>
  );
}
