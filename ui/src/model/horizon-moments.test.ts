/** Every moment that a bounded run still shows is shown as the whole run shows it, whatever the delivery did to it. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { largeRun } from "../../bench/large-run";
import { EventType, ToolExecution_Stage } from "../protocol/gen/dashstream_pb";
import { RunRecords } from "../testing/run-records";
import { type LogRecord, RunModel } from "./run";
import { RunAnswers } from "./run-answers";
import type { Moment } from "./views";

/** Calls that overlap, nodes that fail and go on, states of the root and of six subgraphs. */
function agent(turns: number): readonly LogRecord[] {
  const run = new RunRecords().event(EventType.GRAPH_START);
  run.event(EventType.LLM_START, {}, { "llm.model": "long" }, { llmRequestId: "long" });
  for (let turn = 0; turn < turns; turn += 1) {
    const superstep = BigInt(turn);
    const at = { nodeId: "n", nodeExecutionId: `n${turn}`, attempt: 1, superstep };
    run.event(EventType.NODE_START, at);
    run.event(EventType.LLM_START, at, {}, { llmRequestId: `call ${turn}` }).token(`call ${turn}`, 0, "said");
    if (turn % 3 === 0) run.event(EventType.LLM_END, at, {}, { llmRequestId: `call ${turn - 3}` });
    run.tool(ToolExecution_Stage.STARTED, `same ${turn % 7}`).tool(ToolExecution_Stage.COMPLETED, "same 2");
    if (turn % 4 === 0) run.token("long", turn, `${turn},`);
    run.event(turn % 5 === 0 ? EventType.NODE_ERROR : EventType.NODE_END, at);
    run.state({ turn, list: [turn % 3, { even: turn % 2 }] }, { superstep });
    if (turn % 3 === 1) run.state({ sub: turn % 2 }, { checkpointNs: `sub:${turn % 6}` });
  }
  return run.event(EventType.GRAPH_END).records;
}

const STREAMS = [
  { runId: "r", records: agent(25) },
  { runId: "large", records: largeRun(40, 5, true) },
] as const;
const PATHS = ["/turn", "/list/1", "/sub", "/step", "/documents"];
const cases = fc.record({
  which: fc.constantFrom(...STREAMS),
  bound: fc.record({
    records: fc.integer({ min: 24, max: 120 }),
    bytes: fc.integer({ min: 8_000, max: 200_000 }),
  }),
  faults: fc.array(fc.record({ at: fc.nat(200), how: fc.constantFrom("lost", "late", "twice", "damaged") }), {
    maxLength: 10,
  }),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function delivered({ which, faults }: Case): LogRecord[] {
  const all = [...which.records];
  for (const { at, how } of faults) {
    const record = all[at];
    if (record === undefined) continue;
    if (how === "lost" || how === "late") all.splice(at, 1);
    if (how === "late" || how === "twice") all.splice(at + 5, 0, record);
    if (how === "damaged") all[at] = { ...record, value: record.value.slice(0, 9) };
  }
  return all.map((record, index) => ({ ...record, offset: BigInt(index) }));
}

function expectCallsAlike(part: RunAnswers, whole: RunAnswers, moment: Moment): void {
  const calls = new Map(whole.llmCalls(moment).map((call) => [call.id, call]));
  const held = part.llmCalls(moment);
  for (const call of held) {
    expect({ ...call, textTail: "" }).toEqual({ ...calls.get(call.id), textTail: "" });
    const text = part.llmCall(call.id, moment)?.text.replace("[…] ", "") ?? "";
    expect(whole.llmCall(call.id, moment)?.text.endsWith(text)).toBe(true);
  }
  const running = (all: readonly { readonly status: string }[]) =>
    all.filter(({ status }) => status === "running").length;
  expect(running(held)).toBe(running(whole.llmCalls(moment)));
  expect(running(part.toolCalls(moment))).toBe(running(whole.toolCalls(moment)));
}

function expectStatesAlike(part: RunAnswers, whole: RunAnswers, moment: Moment, ns: string): void {
  const rows = { moment, ns, expanded: ["/list"], from: 0, count: 100, compare: null };
  // A state from before the horizon is placed at the horizon.
  expect({ ...part.stateRows(rows), step: 0 }).toEqual({ ...whole.stateRows(rows), step: 0 });
  for (const path of PATHS) {
    const set = part.blame({ moment, ns, path, limit: 50 });
    expect(set).toEqual(whole.blame({ moment, ns, path, limit: 50 }).slice(0, set.length));
  }
}

function folded(chosen: Case, bound?: Case["bound"]): RunModel {
  const run = new RunModel(chosen.which.runId, bound);
  for (const record of delivered(chosen)) run.apply(record);
  return run;
}

/** One record in three is enough, for the horizon lies anywhere. */
function momentsOf(part: RunModel): Moment[] {
  const moments: Moment[] = [];
  for (let row = part.records.first; row < part.records.length; row += 3) {
    moments.push({ kind: "sequence", sequence: String(part.records.sequence(row)) });
  }
  return moments.filter((moment) => part.has(moment));
}

it("shows calls, states and graph at a record from the horizon on as they were", () => {
  fc.assert(
    fc.property(cases, (chosen) => {
      const run = folded(chosen);
      const part = folded(chosen, chosen.bound);
      const [whole, bounded] = [new RunAnswers(run), new RunAnswers(part)];
      const namespaces = run.summaryView()?.namespaces ?? [];
      expect(part.summaryView()?.namespaces).toEqual(namespaces);
      for (const moment of momentsOf(part)) {
        expect(part.rowsAt(moment)).toBe(run.rowsAt(moment));
        expect(bounded.graphAt(moment)).toEqual(whole.graphAt(moment));
        expectCallsAlike(bounded, whole, moment);
        for (const ns of namespaces) expectStatesAlike(bounded, whole, moment, ns);
      }
      for (const { step } of part.markers) {
        expect(step ?? part.steps.first).toBeGreaterThanOrEqual(part.steps.first);
      }
    }),
    { numRuns: 30 },
  );
});
