import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DashStreamMessageSchema, EventSchema, EventType, HeaderSchema } from "../protocol/gen/dashstream_pb";
import { GOLDEN_RECORDS } from "../testing/golden-run";
import { type LogRecord, RunModel } from "./run";
import { RunAnswers } from "./run-answers";
import type { Moment } from "./views";

const LIVE: Moment = { kind: "live" };

function foldAll(records: readonly LogRecord[], runId = "run-1"): RunModel {
  const run = new RunModel(runId);
  for (const record of records) run.apply(record);
  return run;
}

/** Everything that the page can be told of a run, without what counts repeats. */
function viewOf(run: RunModel): unknown {
  const answers = new RunAnswers(run);
  const moments: Moment[] = [
    LIVE,
    ...Array.from({ length: run.steps.count }, (_, step) => ({ kind: "step", step }) as const),
  ];
  const { duplicates: _, ...receipt } = run.receipt();
  return {
    receipt,
    summary: run.summaryView(),
    markers: run.markers,
    last: run.lastSequence,
    timeline: answers.timeline({ fromUs: null, toUs: null, limit: 1000 }),
    events: answers
      .eventRows({ moment: null, kinds: [], node: null, text: "", from: 0, count: 1000 })
      .rows.map(({ offset: __, id: ___, ...row }) => row),
    moments: moments.map((moment) => ({
      graph: answers.graphAt(moment),
      llm: answers.llmCalls(moment),
      tools: answers.toolCalls(moment),
      state: answers.valueAt(moment, "", ""),
      step: answers.stepOf(moment),
    })),
  };
}

const BATCH = GOLDEN_RECORDS.at(-1) as LogRecord;
const PLAIN = GOLDEN_RECORDS.filter((record) => record !== BATCH);
const WHOLE = viewOf(foldAll(PLAIN));

function event(
  sequence: bigint,
  more: Partial<{ schemaVersion: number; eventType: EventType; runId: string }> = {},
) {
  const { schemaVersion = 1, eventType = EventType.NODE_PROGRESS, runId = "run-1" } = more;
  const header = create(HeaderSchema, {
    sequence,
    schemaVersion,
    runId,
    threadId: "thread-1",
    producerId: "p",
  });
  const value = create(EventSchema, { header, eventType });
  const bytes = toBinary(
    DashStreamMessageSchema,
    create(DashStreamMessageSchema, { message: { case: "event", value } }),
  );
  return Uint8Array.from([0, ...bytes]);
}

/** Repeats to insert behind a record: of records that came before, alone or in the batch that holds the first ones. */
function repeatsAfter(
  index: number,
  repeats: readonly (readonly [at: number, which: number])[],
): LogRecord[] {
  return repeats
    .filter(([at, which]) => at === index && (which <= index || index > 20))
    .map(([, which]) => (which <= index ? (PLAIN[which] as LogRecord) : BATCH));
}

describe("the fold of a run", () => {
  it("is the same with repeats anywhere", () => {
    const places = fc.array(fc.tuple(fc.nat(PLAIN.length), fc.nat(PLAIN.length - 1)), { maxLength: 40 });
    fc.assert(
      fc.property(places, (repeats) => {
        const records = PLAIN.flatMap((record, index) => [record, ...repeatsAfter(index, repeats)]);
        const placed = records.map((record, offset) => ({ ...record, offset: BigInt(offset) }));
        expect(viewOf(foldAll(placed))).toEqual(WHOLE);
      }),
      { numRuns: 25 },
    );
  });

  it("is resumed where it stood, however it was cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(PLAIN.length)), (cuts) => {
        const run = new RunModel("run-1");
        let at = 0;
        for (const cut of [...cuts.sort((left, right) => left - right), PLAIN.length]) {
          for (const record of PLAIN.slice(at, cut)) run.apply(record);
          at = Math.max(at, cut);
          run.receipt();
          run.summaryView();
        }
        expect(viewOf(run)).toEqual(WHOLE);
      }),
      { numRuns: 25 },
    );
  });

  it("never takes a status back while records come", () => {
    const run = new RunModel("run-1");
    const answers = new RunAnswers(run);
    let done = new Map<string, number>();
    for (const record of PLAIN) {
      run.apply(record);
      const now = new Map(answers.graphAt(LIVE).nodes.map((node) => [node.id, node.done + node.errors]));
      for (const [id, count] of done) expect(now.get(id)).toBeGreaterThanOrEqual(count);
      done = now;
    }
  });

  it("answers about a moment as it answered then", () => {
    const run = new RunModel("run-1");
    const answers = new RunAnswers(run);
    const then = new Map<string, unknown>();
    const askOf = (moment: Moment) => ({
      graph: answers.graphAt(moment).nodes.map(({ id, status, executions }) => [id, status, executions]),
      llm: answers.llmCalls(moment),
      state: answers.valueAt(moment, "", ""),
    });
    for (const record of PLAIN) {
      run.apply(record);
      if (run.lastSequence === "0" || then.has(run.lastSequence)) continue;
      then.set(run.lastSequence, askOf(LIVE));
    }
    for (const [sequence, answer] of then) {
      const now = askOf({ kind: "sequence", sequence });
      const known = new Set((answer as ReturnType<typeof askOf>).graph.map(([id]) => id));
      expect({ ...now, graph: now.graph.filter(([id]) => known.has(id as string)) }).toEqual(answer);
    }
  });

  it("reports a hole in the sequence, and closes it when the record comes late", () => {
    const hole = PLAIN[30] as LogRecord;
    const run = foldAll(PLAIN.filter((record) => record !== hole));
    expect(run.receipt()).toMatchObject({ complete: false, missing: 1, total: 80, received: 79 });
    expect(run.receipt().gaps).toMatchObject([{ kind: "sequence", from: "31", to: "32", count: 1 }]);
    run.apply(hole);
    expect(run.receipt()).toMatchObject({ complete: true, missing: 0, gaps: [] });
  });

  it("heals a lost change from the next full state, and says so until then", () => {
    const isSecondStep = (record: LogRecord) => {
      const probe = foldAll(PLAIN.slice(0, PLAIN.indexOf(record) + 1));
      return probe.steps.count === 2;
    };
    const lost = PLAIN.find(isSecondStep);
    const run = foldAll(PLAIN.filter((record) => record !== lost));
    expect(run.receipt()).toMatchObject({ verification: "mismatch", complete: false, verifiedThrough: 0 });
    expect(run.markers.some(({ kind }) => kind === "mismatch")).toBe(true);
    const rows = new RunAnswers(run).stateRows({
      moment: LIVE,
      ns: "",
      expanded: [],
      from: 0,
      count: 10,
      compare: null,
    });
    expect(rows).toMatchObject({ verification: "mismatch", problem: expect.stringContaining("missing") });
  });

  it("sets aside what it cannot read, once and visibly", () => {
    const run = foldAll(PLAIN);
    const broken = { partition: 3, offset: 900n, value: Uint8Array.from([0x7f, 1]) };
    run.apply(broken);
    run.apply(broken);
    expect(run.receipt()).toMatchObject({ undecodable: 1, complete: false, total: 81 });
    expect(run.receipt().undecodables).toMatchObject([{ partition: 3, offset: "900" }]);
    expect(run.markers.at(-1)?.kind).toBe("undecodable");
  });

  it("stops at a newer schema until that is set aside", () => {
    const run = foldAll(PLAIN);
    const newer = { partition: 3, offset: 900n, value: event(99n, { schemaVersion: 2 }) };
    const before = viewOf(run);
    expect(run.apply(newer)).toEqual({ theirs: 2 });
    expect(viewOf(run)).toEqual(before);
    expect(run.apply(newer, true)).toBeNull();
    expect(run.receipt().undecodable).toBe(1);
  });

  it("leaves out other runs and other partitions", () => {
    const run = foldAll(PLAIN);
    const before = run.receipt().received;
    run.apply({ partition: 3, offset: 900n, value: event(1n, { runId: "another" }) });
    run.apply({ partition: 4, offset: 0n, value: event(1n) });
    expect(run.receipt().received).toBe(before);
    expect(run.notices()).toMatchObject([{ id: "elsewhere" }]);
  });

  it("keeps its end, and counts what comes after", () => {
    const run = foldAll(PLAIN);
    run.apply({ partition: 3, offset: 900n, value: event(500n, { eventType: EventType.GRAPH_ERROR }) });
    expect(run.summaryView()).toMatchObject({ status: "ok", records: 81 });
  });
});
