import { expect, it } from "vitest";
import { EventType, ToolExecution_Stage } from "../protocol/gen/dashstream_pb";
import { RunRecords } from "../testing/run-records";
import { RunModel } from "./run";
import { RunAnswers } from "./run-answers";

const { STARTED, COMPLETED, FAILED } = ToolExecution_Stage;
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function callsOf(records: RunRecords, sequence?: number) {
  const run = new RunModel("r");
  for (const record of records.records) run.apply(record);
  const moment =
    sequence === undefined
      ? ({ kind: "live" } as const)
      : { kind: "sequence" as const, sequence: `${sequence}` };
  return new RunAnswers(run).toolCalls(moment);
}

it("shows a call's arguments, then its result", () => {
  const records = new RunRecords()
    .tool(STARTED, "c", { arguments: json({ q: 1 }) })
    .tool(COMPLETED, "c", { result: json([1]), durationUs: 70n });
  expect(callsOf(records, 1)).toMatchObject([
    { id: "c", name: "search", status: "running", arguments: '{"q":1}', result: null },
  ]);
  expect(callsOf(records)).toMatchObject([{ status: "done", result: "[1]", durationUs: 70, endUs: 2000 }]);
});

it("tells calls under one id apart, and keeps the failure of the first", () => {
  const records = new RunRecords()
    .tool(STARTED, "c")
    .tool(FAILED, "c", { error: "no" })
    .tool(STARTED, "c")
    .tool(COMPLETED, "c", { result: json("yes") });
  expect(callsOf(records).map(({ id, status, error }) => [id, status, error])).toEqual([
    ["c", "error", "no"],
    ["c (2)", "done", null],
  ]);
});

it("stops with the run, and is known by its end alone", () => {
  expect(callsOf(new RunRecords().tool(STARTED, "c").event(EventType.GRAPH_END))).toMatchObject([
    { status: "stopped" },
  ]);
  expect(callsOf(new RunRecords().tool(COMPLETED, "c", { durationUs: 400n }))).toMatchObject([
    { status: "done", startUs: 600, endUs: 1000, durationUs: 400 },
  ]);
});
