import { useState } from "react";
import { Link } from "wouter";
import { duration, fullInstant, plural } from "../../model/display";
import { questionText, resumeCode } from "../../model/question";
import { runAddress } from "../../stores/address";
import type { Waiting } from "../../stores/waiting";
import { Button } from "../../widgets/button";
import { CodeBlock } from "../../widgets/code-block";
import { EmptyState } from "../../widgets/empty-state";
import { Icon } from "../../widgets/icon";
import { BoundedText } from "../run/bounded-text";
import "./needs-you.css";

const PAGE = 100;

export function NeedsYouView({ waiting, nowMs }: { waiting: readonly Waiting[]; nowMs: number }) {
  const [shown, setShown] = useState(PAGE);
  if (waiting.length === 0) {
    return (
      <EmptyState icon="check" title="Nothing waits for you">
        A run that stops to ask appears here, with its question, until another run of its thread goes on.
      </EmptyState>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by the keyboard
    <section className="needs-you" aria-label="Questions, the longest waiting first" tabIndex={0}>
      <p className="muted" role="status">
        {plural(waiting.length, "question waits", "questions wait")}
        {waiting.length > 1 && ", the longest waiting first"}.
      </p>
      <ol className="needs-you__list">
        {waiting.slice(0, shown).map((one) => (
          <li key={`${one.run.runId} ${one.interrupt.id}`}>
            <Question waiting={one} nowMs={nowMs} />
          </li>
        ))}
      </ol>
      {waiting.length > shown && <Button onClick={() => setShown(shown + PAGE)}>Show more</Button>}
    </section>
  );
}

const US_PER_S = 1_000_000;
const wholeSeconds = (us: number): number => Math.max(0, Math.floor(us / US_PER_S) * US_PER_S);

function Question({ waiting: { run, interrupt, sinceUs }, nowMs }: { waiting: Waiting; nowMs: number }) {
  return (
    <article className="question" data-testid="question" data-run-id={run.runId}>
      <header className="question__head">
        <Icon name="hand" />
        <strong>{interrupt.nodeId || "The run"}</strong>
        <span className="muted">
          of <Link href={runAddress(run.runId)}>{run.graphName || "unnamed graph"}</Link>, thread{" "}
          <code>{run.threadId || "–"}</code>
        </span>
        <time className="question__since" title={fullInstant(sinceUs)}>
          waits for {duration(wholeSeconds(nowMs * 1000 - sinceUs))}
        </time>
      </header>
      <div className="question__text">
        <BoundedText text={questionText(interrupt.value)} />
      </div>
      <details>
        <summary>How to answer</summary>
        <p className="muted">
          The program goes on when its thread is resumed, from its own user interface or with this:
        </p>
        <CodeBlock
          code={resumeCode(run.threadId, run.interrupts.length > 1 ? interrupt.id : null)}
          label="Copy the lines"
        />
      </details>
    </article>
  );
}
