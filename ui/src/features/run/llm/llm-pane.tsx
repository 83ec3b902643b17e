/** The LLM calls up to the playhead: prompts, and answers as they stream. */

import { compactCount, duration } from "../../../model/display";
import type { LlmCall } from "../../../stores/engine";
import { Icon } from "../../../widgets/icon";
import { CallStatusChip } from "../call-status";
import { CallsPane } from "../calls-pane";
import type { PaneProps } from "../pane";
import { missingText, speedText } from "./llm-figures";
import { LlmSheet } from "./llm-sheet";
import "./llm-pane.css";

export function LlmPane(props: PaneProps) {
  const { engine, frame, moment } = props;
  return (
    <CallsPane
      {...props}
      name="llm-pane"
      noun="LLM call"
      icon="spark"
      inRun={frame.run?.llmCalls ?? 0}
      ask={() => engine.llmCalls(moment)}
      header={
        <>
          <span>Model</span>
          <span>Node</span>
          <span>Status</span>
          <span className="numeric">Took</span>
          <span className="numeric" title="Prompt tokens">
            In
          </span>
          <span className="numeric" title="Completion tokens">
            Out
          </span>
          <span className="numeric">Speed</span>
        </>
      }
      row={(call) => <LlmRow call={call} />}
      detail={(call) => <LlmSheet {...props} key={call.id} call={call} />}
    />
  );
}

function LlmRow({ call }: { call: LlmCall }) {
  return (
    <>
      <span className="call-row__name">
        {call.model || "unknown model"}
        {call.missingChunks > 0 && (
          <span className="llm-row__missing" title={missingText(call)}>
            <Icon name="alert" size={11} />
            <span className="visually-hidden">{missingText(call)}</span>
          </span>
        )}
      </span>
      <span className="call-row__quiet">{call.nodeId ?? "–"}</span>
      <CallStatusChip status={call.status} />
      <span className="numeric">{duration(call.durationUs)}</span>
      <span className="numeric">{call.promptTokens === null ? "–" : compactCount(call.promptTokens)}</span>
      <span className="numeric">
        {call.completionTokens === null ? "–" : compactCount(call.completionTokens)}
      </span>
      <span className="numeric call-row__quiet">{speedText(call)}</span>
    </>
  );
}
