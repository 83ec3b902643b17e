import { Link } from "wouter";
import { compactCount, count, duration, fullInstant, instant, plural, shortId } from "../../model/display";
import { compareAddress, runAddress } from "../../stores/address";
import type { Receipt, RunSummary } from "../../stores/engine";
import { IconButton } from "../../widgets/button";
import { Chip } from "../../widgets/chip";
import { Copyable } from "../../widgets/copy-button";
import { Fact } from "../../widgets/field";
import { Icon } from "../../widgets/icon";
import { RunStatusChip } from "../../widgets/run-status";
import { ReceiptBadge } from "./receipt/receipt-badge";

interface RunHeaderProps {
  run: RunSummary | null;
  /** What was asked for, while nothing is known of it. */
  openId: string;
  receipt: Receipt;
  resumedBy: string | null;
  /** The page fell behind: what is shown is not the newest until it has caught up. */
  isResyncing: boolean;
  nowMs: number;
  onStep: (step: number) => void;
  /** Absent where an address leads nobody to the run. */
  onCopyLink: (() => void) | null;
  /** Absent when there is no gateway to ask. */
  onExport: (() => void) | null;
}

export function RunHeader(props: RunHeaderProps) {
  const { run, openId, receipt, resumedBy, isResyncing, nowMs, onStep, onCopyLink, onExport } = props;
  return (
    <header className="run-header">
      <div className="run-header__title">
        <h1 className="truncate">{run?.graphName || (run ? "unnamed graph" : shortId(openId, 24))}</h1>
        {run && (
          <RunStatusChip
            status={run.status}
            needsYou={run.interrupts.length > 0 && resumedBy === null}
            resumed={resumedBy !== null}
          />
        )}
        {isResyncing && (
          <Chip tone="waiting" title="What is shown is not the newest until the page has caught up">
            Resyncing
          </Chip>
        )}
        {run?.resumes && <RunLink runId={run.resumes} words="resumes" />}
        {resumedBy && <RunLink runId={resumedBy} words="resumed by" />}
        <div className="run-header__end">
          <ReceiptBadge receipt={receipt} onStep={onStep} />
          {onCopyLink && (
            <IconButton icon="link" label="Copy a link to this moment" shortcut="c" onClick={onCopyLink} />
          )}
          {onExport && run && (
            <Link
              className="button button--icon button--ghost"
              href={compareAddress(run.runId, "")}
              aria-label="Compare with another run"
              title="Compare with another run"
            >
              <Icon name="diff" />
            </Link>
          )}
          {onExport && (
            <IconButton icon="download" label="Save this run as a .dsrun file" onClick={onExport} />
          )}
        </div>
      </div>
      {run && <RunFacts run={run} nowMs={nowMs} />}
    </header>
  );
}

function RunLink({ runId, words }: { runId: string; words: string }) {
  return (
    <Link href={runAddress(runId)} className="run-header__resumes" title={runId}>
      <Chip quiet icon="loop">
        {words} {shortId(runId)}
      </Chip>
    </Link>
  );
}

function RunFacts({ run, nowMs }: { run: RunSummary; nowMs: number }) {
  return (
    <dl className="run-header__facts">
      <Fact label="Run">
        <Copyable label="Copy the run's id" text={run.runId}>
          <code title={run.runId}>{shortId(run.runId, 14)}</code>
        </Copyable>
      </Fact>
      <Fact label="Thread">
        <code title={run.threadId}>{shortId(run.threadId, 18) || "–"}</code>
      </Fact>
      <Fact label="Started">
        <time title={fullInstant(run.startedUs)}>{instant(run.startedUs, nowMs)}</time>
      </Fact>
      <Fact label="Duration">{duration(shownDurationUs(run, nowMs))}</Fact>
      <Fact label="Supersteps">{count(run.supersteps)}</Fact>
      <Fact label="Tokens in / out">
        <span title={`${plural(run.promptTokens, "token")} in, ${count(run.completionTokens)} out`}>
          {compactCount(run.promptTokens)} / {compactCount(run.completionTokens)}
        </span>
      </Fact>
      <Fact label="LLM calls">{count(run.llmCalls)}</Fact>
      <Fact label="Tool calls">{count(run.toolCalls)}</Fact>
      <Fact label="Errors">
        <span className={run.errorCount > 0 ? "run-header__errors" : "muted"}>{count(run.errorCount)}</span>
      </Fact>
    </dl>
  );
}

/** The run's own figure once it has ended; until then the time since its start, never less than what was recorded. */
function shownDurationUs(run: RunSummary, nowMs: number): number | null {
  if (run.startedUs === null) return null;
  if (run.status !== "running") return run.durationUs ?? (run.lastUs ?? run.startedUs) - run.startedUs;
  return Math.max((run.lastUs ?? run.startedUs) - run.startedUs, nowMs * 1000 - run.startedUs);
}
