import { count, plural } from "../../model/display";
import { questionOf } from "../../model/question";
import { stringifyJson } from "../../protocol/json";
import type { ConnectionStatus, MismatchInfo, Moment, RunFrame, RunSummary } from "../../stores/engine";
import { Banner } from "../../widgets/banner";
import { Button } from "../../widgets/button";
import { Prose } from "../../widgets/prose";
import { TokenBanner } from "../gateway/token-banner";
import { ErrorDetails } from "./error-details";

const SHOWN = 240;

const bounded = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

interface RunBannersProps {
  frame: RunFrame;
  /** The run that answered the interrupts: they wait for nobody any more. */
  resumedBy: string | null;
  onRetry: () => void;
  onResolve: () => void;
  onMoment: (moment: Moment) => void;
}

/** Everything about the open run that is not as it should be, each with its cause and what to do. */
export function RunBanners({ frame, resumedBy, onRetry, onResolve, onMoment }: RunBannersProps) {
  const { connection, mismatch, run, notices } = frame;
  const waiting = resumedBy === null ? (run?.interrupts ?? []) : [];
  return (
    <>
      {mismatch ? (
        <MismatchBanner mismatch={mismatch} remedy={connection.remedy} onResolve={onResolve} />
      ) : (
        <ConnectionBanner connection={connection} pending={frame.intake.pendingRecords} onRetry={onRetry} />
      )}
      <TokenBanner connection={connection} />
      {run && <ErrorBanner run={run} onMoment={onMoment} />}
      {waiting.map((interrupt) => (
        <Banner
          key={interrupt.id}
          tone="waiting"
          title={interrupt.nodeId ? `${interrupt.nodeId} waits for you` : "The run waits for you"}
          data-testid="interrupt-banner"
          actions={<GoToStep at={interrupt} onMoment={onMoment} />}
        >
          <Question json={interrupt.value} />
        </Banner>
      ))}
      {notices.map(({ id, level, text }) => (
        <Banner
          key={id}
          tone={level === "error" ? "error" : level === "warning" ? "waiting" : "info"}
          title={text}
        />
      ))}
    </>
  );
}

interface ConnectionBannerProps {
  connection: ConnectionStatus;
  pending: number;
  onRetry: () => void;
}

function ConnectionBanner({ connection, pending, onRetry }: ConnectionBannerProps) {
  const { phase, attempt, reason, remedy, retryInMs } = connection;
  const retry = (
    <Button icon="loop" onClick={onRetry}>
      Try now
    </Button>
  );
  if (phase === "closed" && !connection.isTokenRefused) {
    return (
      <Banner tone="error" title="The connection is closed" actions={retry} data-testid="connection-banner">
        {reason ?? "The gateway closed it"}. <Prose text={remedy ?? ""} />
      </Banner>
    );
  }
  if (phase === "falling_behind") {
    return (
      <Banner tone="waiting" icon="clock" title="This page is falling behind" data-testid="connection-banner">
        {reason ?? "Records come faster than they are shown"}. Waiting now: {plural(pending, "record")}.{" "}
        <Prose text={`${remedy ?? "The page reconnects by itself and loses nothing"}.`} />
      </Banner>
    );
  }
  if ((phase === "connecting" || phase === "subscribing") && attempt > 1) {
    return (
      <Banner tone="waiting" icon="plug" title="Reconnecting" actions={retry} data-testid="connection-banner">
        {reason ?? "The gateway does not answer"}. Attempt {count(attempt)}
        {retryInMs !== null && `, the next one within ${Math.max(1, Math.ceil(retryInMs / 1000))} s`}.{" "}
        <Prose text={remedy ?? "What is shown stays as it was; nothing is lost."} />
      </Banner>
    );
  }
  return null;
}

interface MismatchBannerProps {
  mismatch: MismatchInfo;
  remedy: string | null;
  onResolve: () => void;
}

function MismatchBanner({ mismatch, remedy, onResolve }: MismatchBannerProps) {
  const { expected, seen, partition, offset } = mismatch;
  return (
    <Banner
      tone="error"
      title={`Schema version ${seen} was received; this page knows version ${expected}`}
      data-testid="mismatch-banner"
      actions={
        <>
          <Button icon="loop" onClick={() => location.reload()}>
            Reload the page
          </Button>
          <Button onClick={onResolve}>Reset and go on</Button>
        </>
      }
    >
      {offset === null
        ? "The gateway announced it. "
        : `It stands at offset ${offset} of partition ${partition}. `}
      Everything is frozen as it was before; nothing is lost, and the page goes on by itself once it knows
      what follows. <Prose text={remedy ?? ""} />
    </Banner>
  );
}

interface ErrorBannerProps {
  run: RunSummary;
  onMoment: (moment: Moment) => void;
}

function ErrorBanner({ run, onMoment }: ErrorBannerProps) {
  const newest = run.errors.at(-1);
  if (!newest) return null;
  const more = run.errorCount - 1;
  return (
    <Banner
      tone="error"
      title={`${newest.type || "Error"}${newest.nodeId ? ` in ${newest.nodeId}` : ""}`}
      data-testid="error-banner"
      actions={
        <>
          {newest.stack && <ErrorDetails error={newest} />}
          <GoToStep at={newest} onMoment={onMoment} />
        </>
      }
    >
      {bounded(newest.message)}
      {more > 0 && <span className="muted"> and {plural(more, "earlier error")}</span>}
    </Banner>
  );
}

function Question({ json }: { json: string }) {
  const { text, rest } = questionOf(json);
  return (
    <>
      {bounded(text)} {rest !== undefined && <code className="muted">{bounded(stringifyJson(rest))}</code>}
    </>
  );
}

interface GoToStepProps {
  at: { readonly sequence: string; readonly step: number | null };
  onMoment: (moment: Moment) => void;
}

/** To the record itself: at the begin of its step the node that failed, or asks, has not even started. */
function GoToStep({ at: { sequence, step }, onMoment }: GoToStepProps) {
  if (step === null) return null;
  return <Button onClick={() => onMoment({ kind: "sequence", sequence })}>Go to step {count(step)}</Button>;
}
