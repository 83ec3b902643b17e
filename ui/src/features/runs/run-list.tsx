import { useCallback, useState } from "react";
import type { RunListing } from "../../stores/gateway-api";
import { VirtualList } from "../../widgets/virtual-list";
import { RunRow } from "./run-row";

const ROW_PX = 36;

interface RunListProps {
  runs: readonly RunListing[];
  nowMs: number;
  onOpen: (runId: string) => void;
}

/** The cursor stays with its run while newer ones come in above it. */
export function RunList({ runs, nowMs, onOpen }: RunListProps) {
  const [activeId, setActiveId] = useState<string | null>(null);
  const active = runs.findIndex(({ runId }) => runId === activeId);
  const activate = useCallback((index: number) => setActiveId(runs[index]?.runId ?? null), [runs]);
  return (
    <VirtualList
      label="Runs, newest first"
      role="listbox"
      count={runs.length}
      rowHeight={ROW_PX}
      active={active < 0 ? null : active}
      rowId={(index) => rowId(runs[index])}
      onActive={activate}
      onOpen={(index) => {
        const run = runs[index];
        if (run) onOpen(run.runId);
      }}
      header={<RunListHeader />}
      row={(index) => {
        const run = runs[index];
        return run && <RunRow id={rowId(run)} run={run} nowMs={nowMs} active={run.runId === activeId} />;
      }}
    />
  );
}

const rowId = (run: RunListing | undefined): string => `run-row-${run?.runId ?? ""}`;

function RunListHeader() {
  return (
    <div className="run-row run-row--header" aria-hidden="true">
      <span>Status</span>
      <span>Graph</span>
      <span className="run-row__thread">Thread</span>
      <span className="run-row__program">Program</span>
      <span>Started</span>
      <span className="numeric">Duration</span>
      <span className="numeric run-row__steps">Steps</span>
      <span className="numeric run-row__tokens">Tokens</span>
      <span className="numeric">Errors</span>
    </div>
  );
}
