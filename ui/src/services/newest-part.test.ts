import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { beforeEach, expect, it } from "vitest";
import type { RunFrame } from "../model/frame";
import type { LogRecord } from "../model/run";
import { unframe } from "../protocol/codec";
import { DashStreamMessageSchema, type Header } from "../protocol/gen/dashstream_pb";
import { type FakeConnection, FakeGateway } from "../testing/fake-gateway";
import { GOLDEN_RECORDS } from "../testing/golden-run";
import { ManualClock } from "../testing/manual-clock";
import { LARGE_RUN, WHOLE_WAITS_MS } from "./newest-part";
import { RunEngine } from "./run-engine";
import { PATIENCE_MS } from "./sought-part";

const RUN = GOLDEN_RECORDS.slice(0, 80);
const FAR = 30_000n;
const FIRST_STEP = 7_000;

/** A record again, later by so many in the log and in its thread. */
function later({ partition, offset, value }: LogRecord, by: bigint): LogRecord {
  const message = fromBinary(DashStreamMessageSchema, unframe(value));
  const inner = message.message.value as { header: Header; events?: { header: Header }[] };
  for (const { header } of [inner, ...(inner.events ?? [])]) {
    if (header.sequence > 0n) header.sequence += by;
    if (header.runSequence > 0n) header.runSequence += by;
  }
  const bytes = toBinary(DashStreamMessageSchema, message);
  return { partition, offset: offset + by, value: Uint8Array.from([0, ...bytes]) };
}

/** The whole run again, as if it were the end of a large one. */
const TAIL = RUN.map((record) => later(record, FAR));
const HEAD = { partition: 3, low: "0", high: String(FAR + 80n) };
const LIVE = { kind: "live" } as const;
const START = { kind: "step", step: 0 } as const;
const ROWS = { ns: "", expanded: [], from: 0, count: 50, compare: "previous" } as const;

let clock: ManualClock;
let gateway: FakeGateway;
let engine: RunEngine;
let frames: RunFrame[];

beforeEach(() => {
  clock = new ManualClock();
  gateway = new FakeGateway();
  engine = new RunEngine({ clock, openSocket: gateway.open, random: () => 0.5, version: "1" });
  frames = [];
  engine.listen((_, frame) => {
    frames.push(frame);
    return undefined;
  });
  engine.connect({ wsUrl: "ws://gateway/ws", token: "secret" });
});

function frame(): RunFrame {
  clock.advance(20);
  return frames.at(-1) as RunFrame;
}

function connection(index: number): FakeConnection {
  const found = gateway.connections[index];
  if (found === undefined) throw new Error(`there are ${gateway.connections.length} connections`);
  return found;
}

/** Open a run of which the gateway has so much, and bring its first records. */
function open(high = HEAD.high): FakeConnection {
  engine.openRun(1, "run-1");
  const whole = gateway.current;
  whole.subscribe({ "3": "0" }, { partitions: [{ ...HEAD, high }] });
  whole.deliver(RUN.slice(0, 10));
  return whole;
}

function openNewest(records: readonly LogRecord[] = TAIL): FakeConnection {
  const newest = connection(1);
  newest.subscribe(
    { "3": String(records[0]?.offset) },
    { partitions: [HEAD], steps: { "run-1": String(FIRST_STEP) } },
  );
  newest.deliver(records);
  newest.replayed({ "3": HEAD.high });
  clock.settle();
  return newest;
}

it("shows graph, state and status as of now while the beginning is read, and claims nothing", () => {
  open();
  expect(frame().notices).toEqual([]);
  const newest = openNewest();
  expect(newest.last("subscribe")).toMatchObject({
    filter: { runs: ["run-1"] },
    start: { from: "snapshot" },
  });
  expect(frame()).toMatchObject({
    run: { status: "ok", graphName: "newsroom" },
    receipt: { received: 10, complete: false },
    connection: { phase: "catching_up" },
    notices: [{ id: "newest-part", level: "info" }],
  });
  expect(frame()).toMatchObject({ steps: FIRST_STEP + 7, unread: { from: "11", to: String(FAR) } });
  const { answers } = engine;
  expect(answers.graphAt(LIVE)).toMatchObject({ status: "ok", hasSchema: true });
  expect(answers.graphAt({ kind: "sequence", sequence: "10" }).status).toBe("running");
  const last = FIRST_STEP + 6;
  const rows = answers.stateRows({ moment: LIVE, ...ROWS });
  expect(rows).toMatchObject({ step: last, verification: "verified" });
  expect(answers.stateRows({ moment: { kind: "step", step: last }, ...ROWS })).toEqual(rows);
  expect(answers.stateRows({ moment: START, ...ROWS }).step).toBe(0);
  expect(answers.stepOf({ kind: "sequence", sequence: String(FAR + 80n) })).toBe(last);
  const change = { ns: "", limit: 9 };
  expect(answers.diffAt({ ...change, moment: LIVE, against: "previous" })).toMatchObject({
    fromStep: last - 1,
    toStep: last,
  });
  expect(answers.diffAt({ ...change, moment: LIVE, against: START })).toMatchObject({
    fromStep: 0,
    toStep: last,
  });
  expect(answers.diffAt({ ...change, moment: START, against: LIVE })).toMatchObject({
    fromStep: last,
    toStep: 0,
  });
  const first = { kind: "step", step: FIRST_STEP } as const;
  expect(() => answers.diffAt({ ...change, moment: first, against: "previous" })).toThrow("still being read");
  expect(() => answers.blame({ moment: LIVE, ns: "", path: "", limit: 9 })).toThrow("still being read");
  expect(() => answers.graphAt({ kind: "step", step: 5_000 })).toThrow("still being read");
});

it("lists what was read and the newest, with the place of what is unread between them", () => {
  open();
  openNewest();
  const { answers } = engine;
  const all = { kinds: [], node: null, text: "" };
  const list = answers.eventRows({ ...all, moment: null, from: 0, count: 1_000 });
  expect(list).toMatchObject({ total: 91, unreadAt: 10 });
  expect(list.rows.map((row) => row?.sequence ?? null)).toEqual([
    ...RUN.slice(0, 10).map((_, index) => String(index + 1)),
    null,
    ...RUN.map((_, index) => String(FAR + BigInt(index) + 1n)),
  ]);
  for (let from = 0; from < 20; from += 1)
    expect(answers.eventRows({ ...all, moment: null, from, count: 7 }).rows).toEqual(
      list.rows.slice(from, from + 7),
    );
  for (const row of list.rows) if (row !== null) expect(answers.eventDetail(row.id)?.row).toEqual(row);
  const upTo = (sequence: bigint) =>
    answers.eventRows({ ...all, moment: { kind: "sequence", sequence: String(sequence) }, from: 0, count: 0 })
      .total;
  expect([upTo(4n), upTo(500n), upTo(FAR + 3n)]).toEqual([4, 11, 14]);
  expect(answers.llmCalls(LIVE).length).toBeGreaterThan(0);
  for (const call of answers.llmCalls(LIVE)) expect(answers.llmCall(call.id, LIVE)?.call).toEqual(call);
  expect(answers.toolCalls(LIVE).map(({ id }) => id)).toEqual([
    ...new Set(answers.toolCalls(LIVE).map(({ id }) => id)),
  ]);
  const timeline = answers.timeline({ fromUs: null, toUs: null, limit: 100 });
  expect(timeline.totalSteps).toBe(FIRST_STEP + 7);
  expect(timeline.steps.at(-1)?.step).toBe(FIRST_STEP + 6);
  expect(timeline.unread).not.toBeNull();
});

it("brings the part around a moment that is unread, and ends that connection once it is there", async () => {
  open();
  openNewest();
  const wanted = { kind: "step", step: 5_003 } as const;
  const reached = engine.reach(wanted);
  const sought = connection(2);
  const records = RUN.map((record) => later(record, 20_000n));
  sought.subscribe({ "3": "20000" }, { partitions: [HEAD], steps: { "run-1": "5000" } });
  expect(sought.last("subscribe")).toMatchObject({ start: { from: "snapshot", step: "5002" } });
  expect(() => engine.answers.stepOf(wanted)).toThrow("still being read");
  sought.deliver(records);
  clock.settle();
  await reached;
  expect(sought.closed?.code).toBe(1000);
  const { answers } = engine;
  expect(answers.stateRows({ moment: wanted, ...ROWS })).toMatchObject({
    step: 5_003,
    verification: "verified",
  });
  expect(answers.diffAt({ moment: wanted, against: "previous", ns: "", limit: 9 })).toMatchObject({
    fromStep: 5_002,
  });
  await engine.reach({ kind: "step", step: 5_001 });
  await engine.reach({ kind: "sequence", sequence: "20040" });
  await engine.reach({ kind: "step", step: FIRST_STEP + 2 });
  await engine.reach(START);
  expect(gateway.connections).toHaveLength(3);
});

it("gives up waiting for a moment after a while, for another one, and when the whole is there", async () => {
  open();
  openNewest();
  const impatient = engine.reach({ kind: "step", step: 5_003 });
  clock.advance(PATIENCE_MS);
  await impatient;
  expect(() => engine.answers.stepOf({ kind: "step", step: 5_003 })).toThrow("still being read");
  const first = engine.reach({ kind: "step", step: 5_004 });
  const second = engine.reach({ kind: "sequence", sequence: "20040" });
  await first;
  expect(connection(3).closed?.code).toBe(1000);
  connection(0).replayed({ "3": HEAD.high });
  clock.settle();
  await second;
  expect(connection(4).closed?.code).toBe(1000);
});

it("is dropped once the whole has caught up, which then has every record once", () => {
  const whole = open();
  const newest = openNewest();
  const before = frame().revision;
  whole.deliver(RUN.slice(10));
  whole.say({ type: "progress", id: 1, positions: { "3": HEAD.high } });
  whole.replayed({ "3": HEAD.high });
  expect(frame()).toMatchObject({
    receipt: { received: 80, complete: true, duplicates: 0, verification: "verified" },
    connection: { phase: "live" },
    notices: [],
  });
  expect(frame().revision).toBeGreaterThan(before);
  expect(newest.closed?.code).toBe(1000);
  expect(engine.answers.stateRows({ moment: LIVE, ...ROWS }).step).toBe(6);
});

it("goes before the whole, which goes on behind its first records once the part is there", () => {
  const whole = open();
  clock.settle();
  whole.deliver(RUN.slice(10, 30));
  expect(frame()).toMatchObject({ receipt: { received: 10 }, intake: { pendingRecords: 20 } });
  openNewest();
  expect(frame()).toMatchObject({ receipt: { received: 30 }, intake: { pendingRecords: 0 } });
});

it("keeps the whole waiting for a bounded time, and not when it is given up", () => {
  const whole = open();
  clock.settle();
  whole.deliver(RUN.slice(10, 30));
  clock.advance(WHOLE_WAITS_MS - 30);
  expect(frame().receipt.received).toBe(10);
  expect(frame().receipt.received).toBe(30);

  const another = open();
  clock.settle();
  another.deliver(RUN.slice(10, 30));
  connection(3).events.closed(4501, "unauthenticated");
  expect(frame().receipt.received).toBe(30);
});

it("is not asked for where the whole is there as soon", () => {
  open(String(LARGE_RUN - 1n));
  expect(frame().connection.phase).toBe("catching_up");
  expect(gateway.connections).toHaveLength(1);
});

it("is given up when it is most of the run", () => {
  open();
  const newest = openNewest(RUN.map((record) => later(record, FAR / 2n - 1n)));
  expect(newest.closed?.code).toBe(1000);
  expect(frame()).toMatchObject({ receipt: { received: 10 }, notices: [] });
});

it("is dropped at a record that this page does not know, while the whole goes on", () => {
  const whole = open();
  const record = TAIL[40] as LogRecord;
  const message = fromBinary(DashStreamMessageSchema, unframe(record.value));
  const { header } = message.message.value as { header: { schemaVersion: number } };
  header.schemaVersion = 2;
  const bytes = toBinary(DashStreamMessageSchema, create(DashStreamMessageSchema, message));
  const newest = openNewest([...TAIL.slice(0, 40), { ...record, value: Uint8Array.from([0, ...bytes]) }]);
  expect(newest.closed).not.toBeNull();
  expect(whole.closed).toBeNull();
  expect(frame()).toMatchObject({ mismatch: null, notices: [], connection: { phase: "catching_up" } });
});

it("is dropped when the gateway ends it for good: what stands still is not the newest", () => {
  const whole = open();
  openNewest().events.closed(4501, "unauthenticated");
  expect(whole.closed).toBeNull();
  expect(frame()).toMatchObject({ notices: [], connection: { phase: "catching_up" } });
});

it("resumes by itself when its connection is cut, and ends with the run's opening", () => {
  open();
  openNewest().cut();
  clock.advance(1_000);
  const again = connection(2);
  again.subscribe({ "3": HEAD.high });
  expect(again.last("subscribe")).toMatchObject({ start: { from: "cursor", positions: { "3": HEAD.high } } });
  expect(frame().notices).toHaveLength(1);
  engine.openRun(2, null);
  expect(again.closed?.code).toBe(1000);
});
