import { useState } from "react";
import { RunScreen } from "../features/run/run-screen";
import type { RunFrame } from "../stores/engine";
import { createRunView } from "../stores/run-view";
import { useFrame } from "../stores/use-frame";
import { createFakeEngine } from "../testing/fake-engine";
import { connectionOf, intakeOf, receiptOf, STARTED_US, summaryOf } from "../testing/frames";
import { scriptRun } from "../testing/scripted-run";
import type { Scene } from "./gallery-page";

interface RunSceneProps {
  changes: Partial<RunFrame>;
  search: string;
  rounds: number;
}

function RunScene({ changes, search, rounds }: RunSceneProps) {
  const [engine] = useState(() => createFakeEngine({ run: scriptRun(rounds), frame: changes }));
  const [view] = useState(() => createRunView(search, { put: () => undefined }));
  const frame = useFrame(engine);
  return (
    frame && (
      <RunScreen engine={engine} frame={frame} view={view} resumedBy={null} onExport={() => undefined} />
    )
  );
}

function scene(id: string, title: string, changes: Partial<RunFrame>, search = "", rounds = 3): Scene {
  return {
    id: `run-${id}`,
    title,
    show: () => <RunScene changes={changes} search={search} rounds={rounds} />,
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

export const RUN_SCENES: readonly Scene[] = [
  scene("done", "Done and verified", {}),
  scene("live", "Live", {
    run: LIVE,
    steps: 5,
    receipt: receiptOf({ complete: false, received: 8_112, total: null }),
  }),
  scene("past", "Back in time", {}, "?step=3"),
  scene(
    "watched",
    "Watched values",
    {},
    "?step=4&path=%2Fdrafts%2F1&watch=%2Fround&watch=%2Fscore&node=write",
  ),
  scene("llm", "Model calls", {}, "?tab=llm"),
  scene("tools", "Tool calls", {}, "?tab=tools"),
  scene("events", "Events", {}, "?tab=events"),
  scene("markers", "With an error, an interrupt and a gap", {
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
  }),
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
  scene("long", "A long run", { steps: 602 }, "", 300),
];
