import { Link } from "wouter";
import { compactCount, count, duration, fullInstant, instant, plural } from "../../model/display";
import { runAddress } from "../../stores/address";
import type { RunListing } from "../../stores/gateway-api";
import { waitsForPerson } from "../../stores/waiting";
import { Chip } from "../../widgets/chip";
import { RunStatusChip, runStatusLabel } from "../../widgets/run-status";

interface RunRowProps {
  id: string;
  run: RunListing;
  nowMs: number;
  active: boolean;
}

/** One run. It is a link, so that it opens in a tab of its own the way links do. */
export function RunRow({ id, run, nowMs, active }: RunRowProps) {
  const tokens = run.promptTokens + run.completionTokens;
  const needsYou = waitsForPerson(run);
  return (
    <Link
      id={id}
      href={runAddress(run.runId)}
      className={`run-row${active ? " run-row--active" : ""}`}
      role="option"
      aria-selected={active}
      tabIndex={-1}
      draggable={false}
      data-testid="run-row"
      data-run-id={run.runId}
      data-status={run.status}
    >
      <span className="visually-hidden">{sentenceOf(run, nowMs)}</span>
      <span className="run-row__cells" aria-hidden="true">
        <span className="run-row__status">
          <RunStatusChip status={run.status} needsYou={needsYou} resumed={run.resumedBy !== null} />
        </span>
        <span className="run-row__graph truncate" title={run.runId}>
          <strong>{run.graphName || "unnamed graph"}</strong>
          {run.resumes && (
            <Chip quiet icon="loop" title={`Resumes ${run.resumes}`}>
              resumes
            </Chip>
          )}
          {run.losses > 0 && (
            <Chip tone="loss" title={`${plural(run.losses, "record")} that the producer says it dropped`}>
              {compactCount(run.losses)} dropped
            </Chip>
          )}
        </span>
        <span className="run-row__thread truncate mono" title={run.threadId}>
          {run.threadId || "–"}
        </span>
        <span className="run-row__program truncate" title={run.program ?? ""}>
          {run.program?.split("/").at(-1) ?? "–"}
        </span>
        <time className="run-row__started truncate" title={fullInstant(run.startedUs)}>
          {instant(run.startedUs, nowMs)}
        </time>
        <span className="numeric">{duration(shownDurationUs(run, nowMs))}</span>
        <span className="numeric run-row__steps">{count(run.supersteps)}</span>
        <span
          className="numeric run-row__tokens"
          title={`${count(run.promptTokens)} in, ${count(run.completionTokens)} out`}
        >
          {tokens > 0 ? compactCount(tokens) : "–"}
        </span>
        <span className={`numeric${run.errors > 0 ? " run-row__errors" : " muted"}`}>
          {count(run.errors)}
        </span>
      </span>
    </Link>
  );
}

/** The run's own figure once it has ended; until then the time since its start, never less than what was recorded. */
export function shownDurationUs(run: RunListing, nowMs: number): number | null {
  if (run.status !== "running") return run.durationUs ?? run.lastUs - run.startedUs;
  return Math.max(run.lastUs - run.startedUs, nowMs * 1000 - run.startedUs);
}

function sentenceOf(run: RunListing, nowMs: number): string {
  const status = waitsForPerson(run) ? "Needs you" : runStatusLabel(run.status);
  return [
    `${run.graphName || "unnamed graph"}: ${status}`,
    `thread ${run.threadId}`,
    `started ${instant(run.startedUs, nowMs)}`,
    plural(run.supersteps, "step"),
    plural(run.errors, "error"),
  ].join(", ");
}
