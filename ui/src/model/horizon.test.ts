import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { largeRun } from "../../bench/large-run";
import { EventType, ToolExecution_Stage } from "../protocol/gen/dashstream_pb";
import { GOLDEN_RECORDS } from "../testing/golden-run";
import { RunRecords } from "../testing/run-records";
import { type Bound, goneBefore, OPEN_KEPT, PAGE_BOUND } from "./horizon";
import { PartialAnswers } from "./partial-answers";
import { type LogRecord, RunModel } from "./run";
import { RunAnswers } from "./run-answers";
import type { EventQuery, Moment } from "./views";

const LIVE: Moment = { kind: "live" };
const ALL: EventQuery = { moment: null, kinds: [], node: null, text: "", from: 0, count: 2_000 };
const WHOLE_TIME = { fromUs: null, toUs: null, limit: 2_000 };
const STREAMS = [
  { runId: "run-1", records: GOLDEN_RECORDS },
  { runId: "large", records: largeRun(150, 5, true) },
].map(({ runId, records }) => {
  const run = folded(records, runId);
  return { runId, records, run, answers: new RunAnswers(run) };
});

function folded(records: readonly LogRecord[], runId: string, bound?: Bound): RunModel {
  const run = new RunModel(runId, bound);
  for (const record of records) {
    run.apply(record);
    if (bound === undefined) continue;
    expect(run.records.length - run.records.first).toBeLessThanOrEqual(bound.records);
  }
  return run;
}

/** Which stream, under which bound, and which of its records come twice. */
const cases = fc.record({
  which: fc.nat(STREAMS.length - 1),
  records: fc.integer({ min: 1, max: 400 }),
  bytes: fc.integer({ min: 2_000, max: 200_000 }),
  repeats: fc.array(fc.nat(700), { maxLength: 20 }),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** The stream as a whole, and under the bound. */
function bothOf({ which, repeats, ...bound }: Case) {
  const stream = STREAMS[which] as (typeof STREAMS)[number];
  const repeated = new Set(repeats);
  const all = stream.records.flatMap((record, index) => (repeated.has(index) ? [record, record] : [record]));
  const part = folded(all, stream.runId, bound);
  return { ...stream, part, partAnswers: new RunAnswers(part) };
}

const stepsOf = (part: RunModel) =>
  Array.from({ length: part.steps.end - part.steps.first }, (_, index) => part.steps.first + index);

describe("a run above the page's bound", () => {
  it("has the newest state, totals and receipt of the whole run", () => {
    fc.assert(
      fc.property(cases, (chosen) => {
        const { run, answers, part, partAnswers } = bothOf(chosen);
        const placeless = (one: RunModel) => {
          const { duplicates: _, gaps, losses, ...receipt } = one.receipt();
          const { errors, interrupts, ...summary } = one.summaryView() as NonNullable<
            ReturnType<RunModel["summaryView"]>
          >;
          const lists = [gaps, losses, errors, interrupts].map((list) =>
            list.map((at) => ({ ...at, step: 0 })),
          );
          return { receipt, summary, lists, last: one.lastSequence };
        };
        expect(placeless(part)).toEqual(placeless(run));
        const rows = { moment: LIVE, ns: "", expanded: [], from: 0, count: 100, compare: null };
        expect(partAnswers.stateRows(rows)).toEqual(answers.stateRows(rows));
        expect(partAnswers.graphAt(LIVE)).toEqual(answers.graphAt(LIVE));
        expect(partAnswers.stepOf(LIVE)).toBe(answers.stepOf(LIVE));
      }),
    );
  });

  it("shows every moment from the horizon on as it was", () => {
    fc.assert(
      fc.property(cases, (chosen) => {
        const { answers, part, partAnswers } = bothOf(chosen);
        for (const step of stepsOf(part)) {
          const moment: Moment = { kind: "step", step };
          expect(partAnswers.valueAt(moment, "", "")).toBe(answers.valueAt(moment, "", ""));
          expect(partAnswers.stepOf(moment)).toBe(step);
          if (step === part.steps.first) continue;
          expect(partAnswers.graphAt(moment)).toEqual(answers.graphAt(moment));
          const against = { moment, against: "previous", ns: "", limit: 100 } as const;
          expect(partAnswers.diffAt(against)).toEqual(answers.diffAt(against));
        }
        const { rows } = partAnswers.eventRows(ALL);
        expect(rows).toEqual(answers.eventRows(ALL).rows.slice(part.records.first));
        const seen = answers.timeline(WHOLE_TIME);
        const { spans, steps, firstStep, totalSteps } = partAnswers.timeline(WHOLE_TIME);
        expect(seen.spans).toEqual(expect.arrayContaining([...spans]));
        expect(seen.steps).toEqual(expect.arrayContaining(steps.slice(1)));
        expect([firstStep, firstStep + totalSteps]).toEqual([part.steps.first, seen.totalSteps]);
      }),
      { numRuns: 30 },
    );
  });

  it("shows a moment before the horizon as the horizon, and offers none", () => {
    fc.assert(
      fc.property(cases, fc.nat(100), (chosen, step) => {
        const { part, partAnswers } = bothOf(chosen);
        const { horizon } = part;
        expect(horizon === null).toBe(part.records.first === 0);
        if (horizon === null) return;
        const first: Moment = { kind: "step", step: horizon.step };
        for (const moment of [
          { kind: "step", step: Math.min(step, horizon.step) },
          { kind: "sequence", sequence: "1" },
        ] as const) {
          expect(partAnswers.valueAt(moment, "", "")).toBe(partAnswers.valueAt(first, "", ""));
        }
        const { sequence } = horizon;
        expect(part.markers.every((marker) => BigInt(marker.sequence) >= BigInt(sequence))).toBe(true);
        const { gaps, losses } = part.receipt();
        for (const at of [...gaps, ...losses])
          expect(at.step ?? horizon.step).toBeGreaterThanOrEqual(horizon.step);
        expect(part.notices()).toMatchObject([{ id: "horizon", level: "info" }]);
      }),
    );
  });

  it("finds nothing that is gone, before and after it goes", () => {
    const { records } = largeRun100;
    const run = new RunModel("large", { records: 100, bytes: 1_000_000 });
    const answers = new RunAnswers(run);
    for (const record of records) {
      run.apply(record);
      const { total, rows } = answers.eventRows({ ...ALL, kinds: ["state_diff"] });
      expect(rows).toHaveLength(total);
      expect(rows.every(({ offset }) => Number(offset) >= run.records.first)).toBe(true);
    }
    const path = { moment: LIVE, ns: "", path: "/step", limit: 500 };
    const blamed = answers.blame(path);
    expect(blamed.map(({ step }) => step).at(-1)).toBe(run.steps.first + 1);
    const first = { kind: "step", step: run.steps.first } as const;
    expect(() => answers.diffAt({ moment: first, against: "previous", ns: "", limit: 1 })).toThrow(
      "no longer here",
    );
  });
});

const largeRun100 = { records: largeRun(100, 5, true) };

function agent(turns: number): RunRecords {
  const run = new RunRecords().event(EventType.GRAPH_START);
  run.event(EventType.LLM_START, {}, { "llm.model": "long" }, { llmRequestId: "long" });
  run.event(EventType.NODE_START, { nodeId: "outer", nodeExecutionId: "outer", attempt: 1 });
  for (let turn = 0; turn < turns; turn += 1) {
    run.event(EventType.LLM_START, {}, {}, { llmRequestId: `call ${turn}` });
    run.token(`call ${turn}`, 0, "said");
    run.event(EventType.LLM_END, {}, { "llm.prompt_tokens": 2 }, { llmRequestId: `call ${turn}` });
    run.tool(ToolExecution_Stage.STARTED, "same").tool(ToolExecution_Stage.COMPLETED, "same");
    run.token("long", turn, `${turn},`);
  }
  return run;
}

function idle(records: RunRecords, count: number): RunRecords {
  for (let made = 0; made < count; made += 1) records.event(EventType.NODE_PROGRESS);
  return records;
}

describe("what began before the horizon", () => {
  it("is not said to be made by the record at the horizon", () => {
    const { records } = idle(new RunRecords().state({ topic: "moon" }), 100);
    const blame = (bound?: Bound) =>
      new RunAnswers(folded(records, "r", bound)).blame({ moment: LIVE, ns: "", path: "/topic", limit: 5 });
    expect(blame()).toMatchObject([{ step: 0, sequence: "1" }]);
    expect(blame({ records: 50, bytes: 1_000_000 })).toEqual([]);
  });

  it("has said by then what it had said", () => {
    const start = new RunRecords().event(EventType.LLM_START, {}, {}, { llmRequestId: "long" });
    const { records } = idle(start.token("long", 0, "one ").token("long", 1, "two "), 97).token(
      "long",
      2,
      "three",
    );
    const run = folded(records, "r", { records: 50, bytes: 1_000_000 });
    const answers = new RunAnswers(run);
    const before: Moment = { kind: "sequence", sequence: "99" };
    expect(run.records.first).toBeGreaterThan(3);
    expect(answers.llmCall("long", before)?.text).toBe("[…] two ");
    expect(answers.llmCalls(before)).toMatchObject([
      { textLength: 8, firstTokenUs: 2_000, missingChunks: 0 },
    ]);
  });

  it("stays while it goes on, and is gone once it ended", () => {
    const run = folded(agent(100).records, "r", { records: 50, bytes: 1_000_000 });
    const answers = new RunAnswers(run);
    const calls = answers.llmCalls(LIVE);
    expect(calls.length).toBeLessThan(12);
    expect(calls[0]).toMatchObject({ id: "long", model: "long", status: "running", missingChunks: 0 });
    expect(calls[0]?.textLength).toBe(10 * 2 + 90 * 3);
    const text = answers.llmCall("long", LIVE)?.text ?? "";
    expect([text.startsWith("[…] 9"), text.endsWith("98,99,"), text.includes(" 8")]).toEqual([
      true,
      true,
      false,
    ]);
    const tools = answers.toolCalls(LIVE);
    expect(tools.length).toBeLessThan(12);
    expect(new Set(tools.map(({ id }) => id)).size).toBe(tools.length);
    const { spans } = answers.timeline(WHOLE_TIME);
    expect(spans.filter(({ status }) => status === "running").map(({ id }) => id)).toEqual([
      "llm long",
      "outer#1",
    ]);
    expect(run.summaryView()).toMatchObject({ llmCalls: 101, toolCalls: 100, promptTokens: 200 });
  });

  it("goes with its states when too many namespaces had steps", () => {
    const many = new RunRecords().state({ root: true });
    for (let made = 0; made < OPEN_KEPT + 2_000; made += 1)
      many.state({ made }, { checkpointNs: `sub:${made}` });
    const run = folded(many.records, "r", { records: 1_000, bytes: 10_000_000 });
    const namespaces = run.summaryView()?.namespaces ?? [];
    expect(namespaces.length).toBeLessThanOrEqual(OPEN_KEPT + 1_000);
    expect([namespaces.at(0), namespaces.includes(`sub:${OPEN_KEPT + 1_999}`)]).toEqual(["", true]);
    expect(run.namespace("sub:0")).toBeUndefined();
  });

  it("is over with the run, also what was too much of it", () => {
    const records = new RunRecords().event(EventType.GRAPH_START);
    for (let visit = 0; visit < OPEN_KEPT + 600; visit += 1) {
      records.event(EventType.NODE_START, { nodeId: "n", nodeExecutionId: `n ${visit}`, attempt: 1 });
    }
    const run = folded(records.records, "r", { records: 500, bytes: 1_000_000 });
    const nodeNow = () => new RunAnswers(run).graphAt(LIVE).nodes[0];
    expect(nodeNow()).toMatchObject({ status: "running", active: OPEN_KEPT + 600 });
    run.apply(records.event(EventType.GRAPH_END).records.at(-1) as LogRecord);
    expect(nodeNow()).toMatchObject({ status: "stopped", active: 0, executions: OPEN_KEPT + 600 });
  });

  it("goes when too much of it has no end", () => {
    const all = Array.from({ length: OPEN_KEPT + 3 }, (_, lastRow) => ({ lastRow, isOpen: lastRow !== 5 }));
    const gone = [...goneBefore(OPEN_KEPT + 2, all, (one) => one)];
    expect(gone.map(({ lastRow }) => lastRow)).toEqual([5, 0]);
  });
});

describe("what begins after the horizon", () => {
  it("has nothing before its first step, in a namespace of its own", () => {
    const records = new RunRecords();
    for (let step = 0; step < 30; step += 1) idle(records.state({ step }), 4);
    records.state({ found: 1 }, { checkpointNs: "sub:1" });
    const answers = new RunAnswers(folded(records.records, "r", { records: 50, bytes: 1_000_000 }));
    const { operations } = answers.diffAt({ moment: LIVE, ns: "sub:1", against: "previous", limit: 5 });
    expect(operations).toMatchObject([{ op: "add", path: "", after: '{"found":1}' }]);
  });

  it("keeps its marks where the producer counts anew", () => {
    const records = idle(new RunRecords(), 80);
    for (let sequence = 1n; sequence <= 60n; sequence += 1n) {
      const type = sequence % 10n === 0n ? EventType.NODE_WARNING : EventType.NODE_PROGRESS;
      records.event(type, { sequence, producerEpoch: 2n });
    }
    const run = folded(records.records, "r", { records: 100, bytes: 1_000_000 });
    expect(run.records.sequence(run.records.first)).toBeGreaterThan(10n);
    expect(run.markers.map(({ sequence }) => sequence)).toEqual(["10", "20", "30", "40", "50", "60"]);
  });
});

describe("the newest part of a run, above its own bound", () => {
  const records = largeRun(200, 5, true);
  const at = (sequence: bigint): Moment => ({ kind: "sequence", sequence: String(sequence) });

  function parts() {
    const whole = folded(records.slice(0, 100), "large");
    const newest = new RunModel("large", { records: 100, bytes: 1_000_000 });
    newest.steps.start = 100;
    newest.apply(records[500] as LogRecord);
    const answers = new PartialAnswers(whole, newest, null);
    for (const record of records.slice(501)) newest.apply(record);
    return { whole, newest, answers, first: newest.records.sequence(newest.records.first) };
  }

  it("does not answer for what it let go", () => {
    const { newest, answers, first } = parts();
    expect(newest.records.first).toBeGreaterThan(0);
    expect(answers.stepOf(at(first))).toBe(newest.steps.first);
    expect(() => answers.stepOf(at(first - 1n))).toThrow("still being read");
  });

  it("leaves that to what is read from the beginning", () => {
    const { whole, newest, answers, first } = parts();
    for (const record of records.slice(100, 600)) whole.apply(record);
    const held = newest.records.length - newest.records.first;
    expect(answers.eventRows(ALL)).toMatchObject({ total: 600 + 1 + held, unreadAt: 600 });
    expect(answers.unread).toEqual({ from: "601", to: String(first - 1n) });
  });
});

it("holds a run of a million records whole", () => {
  expect(PAGE_BOUND.records).toBeGreaterThan(1_000_000);
});
