import { useState } from "react";
import { RunScreen } from "../features/run/run-screen";
import type { RunFrame } from "../stores/engine";
import { createRunView } from "../stores/run-view";
import { useFrame } from "../stores/use-frame";
import { createFakeEngine } from "../testing/fake-engine";
import { connectionOf, intakeOf, receiptOf, STARTED_US, summaryOf } from "../testing/frames";
import { type ScriptedRun, scriptRun } from "../testing/scripted-run";
import type { Scene } from "./gallery-page";

interface RunSceneProps {
  changes: Partial<RunFrame>;
  search: string;
  script: () => ScriptedRun;
  resumedBy: string | null;
}

function RunScene({ changes, search, script, resumedBy }: RunSceneProps) {
  const [engine] = useState(() => createFakeEngine({ run: script(), frame: changes }));
  const [view] = useState(() => createRunView(search, { put: () => undefined }));
  const frame = useFrame(engine);
  return (
    frame && (
      <RunScreen
        engine={engine}
        frame={frame}
        view={view}
        resumedBy={resumedBy}
        onExport={frame.connection.source === "file" ? null : () => undefined}
      />
    )
  );
}

interface Open {
  /** What the address says of the view. */
  readonly search?: string;
  readonly script?: () => ScriptedRun;
  readonly resumedBy?: string;
  readonly press?: readonly string[];
}

function scene(id: string, title: string, changes: Partial<RunFrame>, open: Open = {}): Scene {
  const { search = "", script = scriptRun, resumedBy = null, press = [] } = open;
  return {
    id: `run-${id}`,
    title,
    show: () => <RunScene changes={changes} search={search} script={script} resumedBy={resumedBy} />,
    press,
  };
}

const LIVE = summaryOf({ status: "running", endedUs: null, durationUs: null });
const ERROR = {
  sequence: "41",
  step: 5,
  nodeId: "write",
  type: "ValueError",
  message: "The model's answer was empty, and the draft could not be written.",
  stack: 'Traceback (most recent call last):\n  File "writer.py", line 41, in write\nValueError',
};
const at = (seconds: number) => STARTED_US + seconds * 1_000_000;

const TROUBLED: Partial<RunFrame> = {
  run: summaryOf({ status: "error", errors: [ERROR], errorCount: 2 }),
  markers: [
    { kind: "checkpoint", step: 0, sequence: "2", timestampUs: at(0), label: "" },
    { kind: "interrupt", step: 2, sequence: "20", timestampUs: at(4.6), label: "approve asks" },
    { kind: "gap", step: 3, sequence: "25", timestampUs: at(5.6), label: "40 records" },
    { kind: "loss", step: 4, sequence: "30", timestampUs: at(7), label: "12 token chunks" },
    { kind: "error", step: 5, sequence: "41", timestampUs: at(8.3), label: "ValueError" },
  ],
  receipt: receiptOf({
    received: 12_441,
    complete: false,
    missing: 40,
    duplicates: 3,
    gaps: [
      {
        kind: "delivery",
        reason: "not_retained",
        partition: 0,
        from: "1025",
        to: "1065",
        count: 40,
        step: 3,
      },
    ],
    losses: [
      {
        sequence: "30",
        step: 4,
        kind: "token_chunk",
        reason: "queue_full",
        count: 12,
        firstUs: null,
        lastUs: null,
      },
    ],
  }),
};
const CALLED_NOTHING: Partial<RunFrame> = {
  run: summaryOf({ llmCalls: 0, toolCalls: 0, promptTokens: 0, completionTokens: 0 }),
};
const justStarted = (): ScriptedRun => ({ ...scriptRun(), spans: [] });
const withoutCalls = (): ScriptedRun => ({ ...scriptRun(), llmCalls: [], toolCalls: [] });

export const RUN_SCENES: readonly Scene[] = [
  scene("done", "Done and verified", {}),
  scene("live", "Live", {
    run: LIVE,
    steps: 5,
    receipt: receiptOf({ complete: false, received: 8_112, total: null }),
  }),
  scene("past", "Back in time", {}, { search: "?step=3" }),
  scene(
    "watched",
    "Watched values",
    {},
    { search: "?step=4&path=%2Fdrafts%2F1&watch=%2Fround&watch=%2Fscore&node=write" },
  ),
  scene("llm", "Model calls", {}, { search: "?tab=llm" }),
  scene("no-llm", "No model calls", CALLED_NOTHING, { search: "?tab=llm", script: withoutCalls }),
  scene("tools", "Tool calls", {}, { search: "?tab=tools" }),
  scene("no-tools", "No tool calls", CALLED_NOTHING, { search: "?tab=tools", script: withoutCalls }),
  scene("changes", "What a step changed", {}, { search: "?tab=state&step=4", press: ["Changes"] }),
  scene("blame", "Who set a value", {}, { search: "?tab=state&step=6&path=%2Fscore", press: ["Blame"] }),
  scene("hash", "What verified means", {}, { search: "?tab=state", press: ["Verified"] }),
  scene("legend", "The legend", {}, { press: ["Legend"] }),
  scene("events", "Events", {}, { search: "?tab=events" }),
  scene("markers", "With an error, an interrupt and a gap", TROUBLED),
  scene("stack", "The stack of an error", TROUBLED, { press: ["Stack"] }),
  scene("receipt", "A receipt with findings", TROUBLED, { press: ["12,441 of"] }),
  scene("needs-you", "Needs you", {
    run: summaryOf({
      status: "interrupted",
      interrupts: [
        {
          id: "i1",
          nodeId: "approve",
          value: '{"question":"Is this draft good enough?"}',
          when: "inside",
          sequence: "40",
          step: 4,
        },
      ],
    }),
  }),
  scene(
    "resumed",
    "Resumed by another run",
    {
      run: summaryOf({ status: "interrupted", resumes: "run-11aa22bb33" }),
    },
    { resumedBy: "run-88aa01bb23" },
  ),
  scene("file", "From a file", { connection: connectionOf({ source: "file", phase: "live" }) }),
  scene(
    "starting",
    "Just started",
    {
      run: summaryOf({
        status: "running",
        endedUs: null,
        durationUs: null,
        llmCalls: 0,
        toolCalls: 0,
        supersteps: 0,
      }),
      steps: 0,
      receipt: receiptOf({
        received: 1,
        total: null,
        complete: false,
        steps: 0,
        verifiedSteps: 0,
        verification: "pending",
        verifiedThrough: null,
      }),
    },
    { script: justStarted },
  ),
  scene("catching-up", "Catching up", {
    connection: connectionOf({ phase: "catching_up" }),
    receipt: receiptOf({ complete: false, received: 4_000, verification: "pending", verifiedThrough: 3 }),
  }),
  scene("reconnecting", "Reconnecting", {
    connection: connectionOf({
      phase: "connecting",
      attempt: 4,
      retryInMs: 3_200,
      reason: "The gateway does not answer",
    }),
    run: LIVE,
  }),
  scene("falling-behind", "Falling behind", {
    connection: connectionOf({ phase: "falling_behind", reason: "600 records waited longer than 30 s" }),
    intake: intakeOf({ level: "stalled", pendingRecords: 600 }),
    run: LIVE,
  }),
  scene("mismatch", "Schema mismatch", {
    connection: connectionOf({ phase: "mismatch" }),
    mismatch: { expected: 2, seen: 3, partition: 0, offset: "1041" },
  }),
  scene("closed", "Closed", {
    connection: connectionOf({
      phase: "closed",
      reason: "This token may not read these records",
      remedy: "Use a token that may.",
    }),
  }),
  scene("token-expiring", "Token about to expire", {
    connection: connectionOf({ expiresInMs: 48_000 }),
    run: LIVE,
  }),
  scene("signed-out", "Signed out", {
    connection: connectionOf({ phase: "closed", isTokenRefused: true, reason: "The token has expired" }),
    run: LIVE,
  }),
  scene("unverified", "A state that does not match", {
    receipt: receiptOf({ verification: "mismatch", verifiedSteps: 7, verifiedThrough: 4 }),
  }),
  scene("nothing", "Nothing retained", {
    run: null,
    steps: 0,
    receipt: receiptOf({
      received: 0,
      total: null,
      complete: false,
      steps: 0,
      verifiedSteps: 0,
      verification: "pending",
      verifiedThrough: null,
    }),
  }),
  scene("long", "A long run", { steps: 602 }, { script: () => scriptRun(300) }),
];
