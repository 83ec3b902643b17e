import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { beforeEach, expect, it } from "vitest";
import type { RunFrame } from "../model/frame";
import type { LogRecord } from "../model/run";
import { unframe } from "../protocol/codec";
import { DashStreamMessageSchema } from "../protocol/gen/dashstream_pb";
import { type FakeConnection, FakeGateway } from "../testing/fake-gateway";
import { GOLDEN_RECORDS } from "../testing/golden-run";
import { ManualClock } from "../testing/manual-clock";
import { LARGE_RUN } from "./newest-part";
import { RunEngine } from "./run-engine";

const RUN = GOLDEN_RECORDS.slice(0, 80);
const FAR = 30_000n;
/** The whole run again, as if it were the end of a large one. */
const TAIL = RUN.map((record) => ({ ...record, offset: record.offset + FAR }));
const HEAD = { partition: 3, low: "0", high: String(FAR + 80n) };
const LIVE = { kind: "live" } as const;
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
  const whole = connection(0);
  whole.subscribe({ "3": "0" }, { partitions: [{ ...HEAD, high }] });
  whole.deliver(RUN.slice(0, 10));
  return whole;
}

function openNewest(records: readonly LogRecord[] = TAIL): FakeConnection {
  const newest = connection(1);
  newest.subscribe({ "3": String(records[0]?.offset) }, { partitions: [HEAD] });
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
  expect(newest.last("ack")).toMatchObject({ positions: { "3": HEAD.high } });
  expect(frame()).toMatchObject({
    run: { status: "ok", graphName: "newsroom" },
    receipt: { received: 10, complete: false },
    connection: { phase: "catching_up" },
    notices: [{ id: "newest-part", level: "info" }],
  });
  const { answers } = engine;
  expect(answers.graphAt(LIVE)).toMatchObject({ status: "ok", hasSchema: true });
  expect(answers.graphAt({ kind: "sequence", sequence: "10" }).status).toBe("running");
  expect(answers.stateRows({ moment: LIVE, ...ROWS })).toMatchObject({
    step: null,
    verification: "verified",
  });
  expect(answers.stateRows({ moment: { kind: "step", step: 0 }, ...ROWS }).step).toBe(0);
  expect(answers.valueAt(LIVE, "", "")).not.toBe(answers.valueAt({ kind: "step", step: 0 }, "", ""));
  const change = { moment: LIVE, ns: "", limit: 9 };
  expect(answers.diffAt({ ...change, against: "previous" })).toMatchObject({ fromStep: null, toStep: null });
  expect(() => answers.diffAt({ ...change, against: { kind: "step", step: 0 } })).toThrow("still being read");
  expect(() => answers.diffAt({ ...change, moment: { kind: "step", step: 0 }, against: LIVE })).toThrow();
  expect(() => answers.stateRows({ moment: LIVE, ...ROWS, compare: { kind: "step", step: 0 } })).toThrow();
  expect(() => answers.blame({ moment: LIVE, ns: "", path: "", limit: 9 })).toThrow("still being read");
  expect(answers.eventRows({ moment: LIVE, kinds: [], node: null, text: "", from: 0, count: 9 }).total).toBe(
    10,
  );
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

it("is not asked for where the whole is there as soon", () => {
  open(String(LARGE_RUN - 1n));
  expect(frame().connection.phase).toBe("catching_up");
  expect(gateway.connections).toHaveLength(1);
});

it("is given up when it is most of the run", () => {
  open();
  const newest = openNewest(TAIL.map((record) => ({ ...record, offset: record.offset - FAR / 2n - 1n })));
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
