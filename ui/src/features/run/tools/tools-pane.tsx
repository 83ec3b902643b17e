/** The tool calls up to the playhead: what each was asked, what it answered, and how long it took. */

import { duration, plural } from "../../../model/display";
import type { ToolCall } from "../../../stores/engine";
import { Chip } from "../../../widgets/chip";
import { Fact } from "../../../widgets/field";
import { BoundedText, prettyJson } from "../bounded-text";
import { CallStatusChip, StartTime } from "../call-status";
import { CallsPane } from "../calls-pane";
import type { PaneProps } from "../pane";
import "./tools-pane.css";

export function ToolsPane(props: PaneProps) {
  const { engine, frame, moment } = props;
  return (
    <CallsPane
      {...props}
      name="tools-pane"
      noun="tool call"
      icon="wrench"
      inRun={frame.run?.toolCalls ?? 0}
      ask={() => engine.toolCalls(moment)}
      header={
        <>
          <span>Tool</span>
          <span>Node</span>
          <span>Status</span>
          <span className="numeric">Took</span>
          <span>Arguments</span>
        </>
      }
      row={(call) => <ToolRow call={call} />}
      detail={(call) => <ToolSheet key={call.id} call={call} startedUs={frame.run?.startedUs ?? null} />}
    />
  );
}

function ToolRow({ call }: { call: ToolCall }) {
  return (
    <>
      <span className="call-row__name">{call.name}</span>
      <span className="call-row__quiet">{call.nodeId ?? "–"}</span>
      <CallStatusChip status={call.status} />
      <span className="numeric">{duration(call.durationUs)}</span>
      <code className="call-row__quiet">{call.arguments ?? ""}</code>
    </>
  );
}

function ToolSheet({ call, startedUs }: { call: ToolCall; startedUs: number | null }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
    <div className="call-sheet" tabIndex={0} data-testid="tool-detail">
      <header className="call-sheet__header">
        <h3 className="call-sheet__title">{call.name}</h3>
        <CallStatusChip status={call.status} />
        {call.attempt > 1 && (
          <Chip tone="waiting" icon="loop">
            Try {call.attempt}
          </Chip>
        )}
      </header>
      <dl className="call-sheet__facts">
        <Fact label="Node">{call.nodeId ?? "–"}</Fact>
        <Fact label="After step">{call.step ?? "–"}</Fact>
        <Fact label="Took">{duration(call.durationUs)}</Fact>
        <Fact label="Started">
          <StartTime atUs={call.startUs} runUs={startedUs} />
        </Fact>
        <Fact label="Tries">{plural(call.attempt, "try", "tries")}</Fact>
      </dl>
      {call.error !== null && (
        <section className="call-sheet__part">
          <h4>Error</h4>
          <p className="call-sheet__error">{call.error}</p>
        </section>
      )}
      <JsonPart
        title="Arguments"
        text={call.arguments}
        none="The call has no arguments."
        testId="tool-arguments"
      />
      {(call.result !== null || call.error === null) && (
        <JsonPart title="Result" text={call.result} none={noResult(call)} testId="tool-result" />
      )}
    </div>
  );
}

function noResult(call: ToolCall): string {
  switch (call.status) {
    case "running":
      return "The tool has not answered yet.";
    case "stopped":
      return "The run ended before the tool answered.";
    default:
      return "The tool answered nothing.";
  }
}

interface JsonPartProps {
  title: string;
  text: string | null;
  none: string;
  testId: string;
}

function JsonPart({ title, text, none, testId }: JsonPartProps) {
  return (
    <section className="call-sheet__part">
      <h4>{title}</h4>
      {text === null ? (
        <p className="muted">{none}</p>
      ) : (
        <BoundedText
          text={prettyJson(text)}
          copyLabel={`Copy the ${title.toLowerCase()}`}
          data-testid={testId}
        />
      )}
    </section>
  );
}
