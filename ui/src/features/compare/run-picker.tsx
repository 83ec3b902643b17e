import { instant, shortId } from "../../model/display";
import type { RunListing } from "../../stores/gateway-api";
import { Select } from "../../widgets/field";
import { runStatusLabel } from "../../widgets/run-status";

interface RunPickerProps {
  label: string;
  /** Newest first. */
  runs: readonly RunListing[];
  /** Id of the chosen run; empty when none is. */
  value: string;
  nowMs: number;
  onValue: (runId: string) => void;
}

/** One of the newest runs; a chosen one that is older stays a choice. */
export function RunPicker({ label, runs, value, nowMs, onValue }: RunPickerProps) {
  const older = value !== "" && !runs.some(({ runId }) => runId === value);
  return (
    <div className="run-picker">
      <span className="muted" aria-hidden="true">
        {label}
      </span>
      <Select
        label={label}
        value={value}
        onValue={onValue}
        options={[
          ["", "Choose a run"],
          ...(older ? [[value, shortId(value)] as const] : []),
          ...runs.map(
            (run) =>
              [
                run.runId,
                `${run.graphName || "unnamed graph"}, ${runStatusLabel(run.status)}, ${instant(run.startedUs, nowMs)}, ${shortId(run.runId)}`,
              ] as const,
          ),
        ]}
      />
    </div>
  );
}
