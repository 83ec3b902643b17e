import { type UIEvent, useLayoutEffect, useRef } from "react";
import { count, duration } from "../../../model/display";
import type { LlmCall, LlmDetail } from "../../../stores/engine";
import { Chip } from "../../../widgets/chip";
import { CopyButton } from "../../../widgets/copy-button";
import { Fact } from "../../../widgets/field";
import { CallStatusChip, StartTime } from "../call-status";
import { momentKey, type PaneProps } from "../pane";
import { PaneAnswer } from "../pane-states";
import { useAnswer } from "../use-answer";
import { firstTokenLatency, missingText, speedText, tokensPerSecond, usageText } from "./llm-figures";
import { Prompt } from "./prompt";

/** Nearer to the end than this counts as being at the end. */
const END_PX = 24;

/** One call in full. While it runs the text grows, and the sheet stays at the end if it was there. */
export function LlmSheet({ engine, frame, moment, call }: PaneProps & { call: LlmCall }) {
  const key = `${frame.openId} ${frame.revision} ${momentKey(moment)} ${call.id}`;
  const answer = useAnswer(key, async () => ({
    detail: await engine.llmCall(call.id, moment),
  }));
  const { sheet, onScroll } = useStickToEnd(
    answer.value?.detail?.text.length ?? 0,
    call.status === "running",
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
    <div className="call-sheet" tabIndex={0} data-testid="llm-detail" ref={sheet} onScroll={onScroll}>
      <header className="call-sheet__header">
        <h3 className="call-sheet__title">{call.model || "unknown model"}</h3>
        <CallStatusChip status={call.status} />
        {call.attempt > 1 && (
          <Chip tone="waiting" icon="loop">
            Try {call.attempt}
          </Chip>
        )}
        {call.missingChunks > 0 && (
          <Chip tone="loss" icon="alert">
            {missingText(call)}
          </Chip>
        )}
      </header>
      <Figures call={call} startedUs={frame.run?.startedUs ?? null} />
      {call.error !== null && <p className="call-sheet__error">{call.error}</p>}
      <PaneAnswer answer={answer} subject="the call" icon="spark">
        {({ detail }) =>
          detail ? <Detail detail={detail} /> : <p className="muted">The content of this call is not here.</p>
        }
      </PaneAnswer>
    </div>
  );
}

/** What was recorded of the call; what was not is left out, except for the usage, whose absence matters. */
function Figures({ call, startedUs }: { call: LlmCall; startedUs: number | null }) {
  return (
    <dl className="call-sheet__facts">
      <Fact label="Node">{call.nodeId ?? "–"}</Fact>
      {call.provider !== "" && <Fact label="Provider">{call.provider}</Fact>}
      <Fact label="After step">{call.step ?? "–"}</Fact>
      <Fact label="Started">
        <StartTime atUs={call.startUs} runUs={startedUs} />
      </Fact>
      <Fact label="Took">{duration(call.durationUs)}</Fact>
      {call.firstTokenUs !== null && (
        <Fact label="First token after">{duration(firstTokenLatency(call))}</Fact>
      )}
      {tokensPerSecond(call) !== null && <Fact label="Speed">{speedText(call)}</Fact>}
      <Fact label="Tokens">{usageText(call)}</Fact>
      {call.finishReason !== null && <Fact label="Finish reason">{call.finishReason}</Fact>}
    </dl>
  );
}

function Detail({ detail }: { detail: LlmDetail }) {
  const { call, text } = detail;
  return (
    <>
      <Prompt detail={detail} />
      <section className="call-sheet__part llm-answer">
        <h4>
          Answer
          {text !== "" && <span className="llm-answer__size">{count(text.length)} characters</span>}
        </h4>
        <div
          className="llm-answer__text"
          data-testid="llm-text"
          data-running={call.status === "running" || undefined}
        >
          {text === "" ? <span className="muted">{noText(call)}</span> : text}
        </div>
        {text !== "" && (
          <div className="llm-answer__copy">
            <CopyButton label="Copy the answer" text={text} />
          </div>
        )}
      </section>
    </>
  );
}

function noText(call: LlmCall): string {
  switch (call.status) {
    case "running":
      return "Waiting for the first token…";
    case "done":
      return "The answer has no text.";
    default:
      return "No text came.";
  }
}

/** Keeps a growing sheet at its end while it runs, unless the reader has scrolled away from there. */
function useStickToEnd(length: number, running: boolean) {
  const sheet = useRef<HTMLDivElement>(null);
  const atEnd = useRef(running);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the length says when the sheet has grown
  useLayoutEffect(() => {
    const element = sheet.current;
    if (element && running && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [length, running]);
  const onScroll = ({ currentTarget }: UIEvent<HTMLDivElement>) => {
    const { scrollTop, clientHeight, scrollHeight } = currentTarget;
    atEnd.current = scrollHeight - scrollTop - clientHeight < END_PX;
  };
  return { sheet, onScroll };
}
