import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RunFrame } from "../model/frame";
import { type LogRecord, RunModel } from "../model/run";
import { DashStreamMessageSchema } from "../protocol/gen/dashstream_pb";
import { FakeGateway } from "../testing/fake-gateway";
import { GOLDEN_FILE, GOLDEN_RECORDS } from "../testing/golden-run";
import { ManualClock } from "../testing/manual-clock";
import { RunEngine } from "./run-engine";

const RUN_1 = GOLDEN_RECORDS.slice(0, 80);
const START = { "3": "0" };

let clock: ManualClock;
let gateway: FakeGateway;
let engine: RunEngine;
let frames: { readonly opening: number; readonly frame: RunFrame; readonly atMs: number }[];

beforeEach(() => {
  clock = new ManualClock();
  gateway = new FakeGateway();
  engine = new RunEngine({ clock, openSocket: gateway.open, random: () => 0.5, version: "1.2.3" });
  frames = [];
  engine.listen((opening, frame) => {
    frames.push({ opening, frame, atMs: clock.nowMs() });
    return undefined;
  });
  engine.connect({ wsUrl: "ws://gateway/ws", token: "secret" });
});

/** The newest frame, once everything that is due has happened. */
function frame(): RunFrame {
  clock.advance(20);
  const last = frames.at(-1);
  if (last === undefined) throw new Error("no frame was told");
  return last.frame;
}

function openWhole(): void {
  engine.openRun(1, "run-1");
  gateway.current.subscribe(START);
  gateway.current.deliver(RUN_1);
  gateway.current.replayed({ "3": "80" });
}

/** The record of a newer schema in place of another. */
function newer(record: LogRecord): LogRecord {
  const message = fromBinary(DashStreamMessageSchema, record.value.subarray(1));
  const event = message.message.case === "event" ? message.message.value : undefined;
  if (event?.header === undefined) throw new Error("not an event");
  event.header.schemaVersion = 2;
  const bytes = toBinary(DashStreamMessageSchema, create(DashStreamMessageSchema, message));
  return { ...record, value: Uint8Array.from([0, ...bytes]) };
}

describe("opening a run", () => {
  it("asks for the run from its beginning, with the token in the hello", () => {
    engine.openRun(1, "run-1");
    gateway.current.subscribe(START);
    expect(gateway.current.url).toBe("ws://gateway/ws");
    expect(gateway.current.last("hello")).toMatchObject({ token: "secret", client: { version: "1.2.3" } });
    expect(gateway.current.last("subscribe")).toMatchObject({
      filter: { runs: ["run-1"] },
      start: { from: "earliest" },
    });
    expect(frame().connection).toMatchObject({ phase: "catching_up", source: "gateway", instance: "i-1" });
  });

  it("is live once all that was there is applied, and acknowledges it", () => {
    openWhole();
    expect(frame()).toMatchObject({
      openId: "run-1",
      connection: { phase: "live", attempt: 0 },
      receipt: { received: 80, complete: true, verification: "verified" },
      run: { status: "ok" },
      steps: 7,
      lastSequence: "80",
      intake: { level: "healthy", pendingRecords: 0 },
    });
    expect(gateway.current.last("ack")).toMatchObject({ positions: { "3": "80" } });
  });

  it("leaves the connection and forgets the run when nothing is open", () => {
    openWhole();
    const connection = gateway.current;
    engine.openRun(2, null);
    expect(connection.closed?.code).toBe(1000);
    expect(frame()).toMatchObject({ openId: null, run: null, connection: { phase: "idle", source: "none" } });
    expect(engine.answers.graphAt({ kind: "live" }).nodes).toEqual([]);
    connection.deliver(RUN_1);
    expect(frame().receipt.received).toBe(0);
  });
});

describe("frames", () => {
  it("come at most once in 16 ms, only on change, and name their opening", () => {
    engine.openRun(7, "run-1");
    gateway.current.subscribe(START);
    for (const record of RUN_1) {
      gateway.current.deliver([record]);
      clock.advance(1);
    }
    clock.advance(100);
    const times = frames.map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThan(3);
    const pauses = times.slice(1).map((at, index) => at - (times[index] as number));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(16);
    expect(frames.at(-1)).toMatchObject({ opening: 7, frame: { receipt: { received: 80 } } });
    const { length } = frames;
    engine.openRun(8, null);
    clock.advance(10_000);
    expect(frames).toHaveLength(length + 1);
  });

  it("tell that intake is idle when a minute without records has passed", () => {
    openWhole();
    expect(frame().intake.level).toBe("healthy");
    for (let second = 0; second < 70; second += 1) {
      clock.advance(1_000);
      gateway.current.say({ type: "pong", t: "1" });
    }
    expect(frame().intake).toMatchObject({ level: "idle", averageMs: null });
  });
});

describe("a connection that is cut", () => {
  it("is resumed from what was applied, without anything lost or doubled", () => {
    engine.openRun(1, "run-1");
    gateway.current.subscribe(START);
    gateway.current.deliver(RUN_1.slice(0, 40));
    clock.settle();
    gateway.current.deliver(RUN_1.slice(40, 50));
    gateway.current.cut();
    expect(frame()).toMatchObject({
      receipt: { received: 40 },
      connection: { phase: "connecting", attempt: 1 },
    });
    clock.advance(1_000);
    expect(gateway.connections).toHaveLength(2);
    gateway.current.subscribe({ "3": "40" });
    expect(gateway.current.last("subscribe")).toMatchObject({
      start: { from: "cursor", epoch: "e1", positions: { "3": "40" } },
    });
    gateway.current.deliver(RUN_1.slice(40));
    gateway.current.replayed({ "3": "80" });
    expect(frame().receipt).toMatchObject({ received: 80, complete: true, duplicates: 0 });
  });

  it("says nothing any more once another one is open", () => {
    engine.openRun(1, "run-1");
    const old = gateway.current;
    old.subscribe(START);
    engine.retry();
    gateway.current.subscribe(START);
    old.deliver(RUN_1);
    old.cut();
    expect(frame()).toMatchObject({ receipt: { received: 0 }, connection: { phase: "catching_up" } });
  });

  it("is left at a hole in delivery", () => {
    engine.openRun(1, "run-1");
    gateway.current.subscribe(START);
    gateway.current.deliver([RUN_1[0] as LogRecord, RUN_1[2] as LogRecord]);
    expect(gateway.current.closed?.code).toBe(4401);
    expect(frame().connection).toMatchObject({
      phase: "connecting",
      reason: expect.stringContaining("missing"),
    });
  });

  it("starts over, with a notice, when the log was replaced", () => {
    openWhole();
    expect(frame().receipt.received).toBe(80);
    gateway.current.cut();
    clock.advance(1_000);
    gateway.current.subscribe(START, { epoch: "e2" });
    expect(gateway.current.last("subscribe")).toMatchObject({ start: { from: "earliest" } });
    const before = frame();
    expect(before).toMatchObject({ receipt: { received: 0 }, notices: [{ id: "epoch-changed" }] });
    gateway.current.deliver(RUN_1);
    expect(frame().receipt.received).toBe(80);
    expect(frame().revision).toBeGreaterThan(before.revision);
  });

  it("shows a gap that the gateway tells of, and goes on behind it", () => {
    engine.openRun(1, "run-1");
    gateway.current.subscribe(START);
    gateway.current.say({
      type: "gap",
      id: 1,
      partition: 3,
      from: "0",
      to: "70",
      reason: "not_retained",
      count: "70",
    });
    gateway.current.deliver(RUN_1.slice(70));
    expect(frame().receipt).toMatchObject({
      received: 10,
      total: 80,
      complete: false,
      missing: 70,
      gaps: [
        { kind: "delivery", reason: "not_retained", partition: 3, from: "0", to: "70", count: null },
        { kind: "sequence", reason: "not_retained", from: "1", to: "71", count: 70 },
      ],
    });
    expect(gateway.current.last("ack")).toMatchObject({ positions: { "3": "80" } });
  });
});

describe("a newer schema", () => {
  const at = 75;
  const records = RUN_1.map((record, index) => (index === at ? newer(record) : record));

  it("freezes everything at its record, and is set aside when the user says so", () => {
    engine.openRun(1, "run-1");
    gateway.current.subscribe(START);
    gateway.current.deliver(records);
    const frozen = frame();
    expect(frozen).toMatchObject({
      connection: { phase: "mismatch" },
      mismatch: { expected: 1, seen: 2, partition: 3, offset: String(at) },
      receipt: { received: at, undecodable: 0 },
    });
    expect(gateway.current.closed?.code).toBe(4403);

    clock.advance(5_000);
    gateway.current.subscribe({ "3": String(at) });
    expect(gateway.current.last("subscribe")).toMatchObject({ start: { positions: { "3": String(at) } } });
    gateway.current.deliver(records.slice(at, at + 1));
    expect(frame()).toMatchObject({ connection: { phase: "mismatch" }, receipt: { received: at } });

    engine.resolveMismatch();
    gateway.current.subscribe({ "3": String(at) });
    gateway.current.deliver(records.slice(at));
    gateway.current.replayed({ "3": "80" });
    expect(frame()).toMatchObject({
      connection: { phase: "live" },
      mismatch: null,
      receipt: { received: 79, undecodable: 1, complete: false },
    });
  });

  it("thaws by itself on a later connection once a record that is known follows: nothing is lost", () => {
    engine.openRun(1, "run-1");
    gateway.current.subscribe(START);
    gateway.current.deliver(records.slice(0, at + 1));
    expect(frame()).toMatchObject({ connection: { phase: "mismatch" }, receipt: { received: at } });

    clock.advance(5_000);
    gateway.current.subscribe({ "3": String(at) });
    gateway.current.deliver(records.slice(at, at + 1));
    gateway.current.replayed({ "3": String(at + 1) });
    expect(frame()).toMatchObject({ connection: { phase: "mismatch" }, mismatch: { offset: String(at) } });

    clock.advance(5_000);
    gateway.current.subscribe({ "3": String(at) });
    expect(gateway.current.last("subscribe")).toMatchObject({ start: { positions: { "3": String(at) } } });
    gateway.current.deliver(records.slice(at));
    gateway.current.replayed({ "3": "80" });
    expect(frame()).toMatchObject({
      connection: { phase: "live", reason: null },
      mismatch: null,
      receipt: { received: 79, undecodable: 1, undecodables: [{ offset: String(at) }] },
    });
    expect(gateway.current.last("ack")).toMatchObject({ positions: { "3": "80" } });
  });

  it("is told with both versions when the gateway itself announces it", () => {
    engine.openRun(1, "run-1");
    gateway.current.subscribe(START, { schemaVersion: 3 });
    expect(frame()).toMatchObject({
      connection: { phase: "mismatch" },
      mismatch: { expected: 1, seen: 3, partition: null, offset: null },
    });
  });
});

it("tries a record on which it fails once more from the beginning, then sets it aside", () => {
  const apply = RunModel.prototype.apply;
  vi.spyOn(RunModel.prototype, "apply").mockImplementation(function (this: RunModel, record, aside) {
    if (record.offset === 20n) throw new Error("broken");
    return apply.call(this, record, aside);
  });
  engine.openRun(1, "run-1");
  for (let round = 0; round < 3; round += 1) {
    gateway.current.subscribe(START);
    gateway.current.deliver(RUN_1);
    clock.settle();
  }
  expect(gateway.connections).toHaveLength(3);
  expect(frame().receipt).toMatchObject({
    received: 79,
    undecodables: [{ partition: 3, offset: "20", reason: expect.stringContaining("broken") }],
  });
});

describe("records that wait too long", () => {
  it("end the connection, once, and more slowly each time that it happens", () => {
    engine.openRun(1, "run-1");
    const waits = [1, 2, 3].map((episode) => {
      gateway.current.subscribe(START);
      gateway.current.replayed(START);
      clock.settle();
      expect(frame().connection.phase).toBe("live");
      gateway.current.deliver(RUN_1.slice(0, 1));
      clock.stall(30_001);
      gateway.current.deliver(RUN_1.slice(1, 2));
      expect(gateway.current.closed?.code).toBe(4402);
      const { connection, intake, receipt } = frame();
      expect([connection.phase, intake.level, intake.pendingRecords]).toEqual([
        "falling_behind",
        "stalled",
        0,
      ]);
      expect(receipt.received).toBe(0);
      clock.advance(connection.retryInMs ?? 0);
      expect(gateway.connections).toHaveLength(episode + 1);
      return connection.retryInMs ?? 0;
    });
    expect(waits[1]).toBeGreaterThan(waits[0] ?? 0);
    expect(waits[2]).toBeGreaterThan(waits[1] ?? 0);
  });

  it("are noticed while nothing more arrives, and what was applied is kept", () => {
    const apply = RunModel.prototype.apply;
    const slow = vi.spyOn(RunModel.prototype, "apply").mockImplementation(function (
      this: RunModel,
      ...given
    ) {
      clock.stall(2_000);
      return apply.call(this, ...given);
    });
    engine.openRun(1, "run-1");
    gateway.current.subscribe(START);
    gateway.current.deliver(RUN_1);
    clock.settle();
    slow.mockRestore();
    const { connection, receipt } = frame();
    expect(connection.phase).toBe("falling_behind");
    expect(receipt.received).toBeGreaterThan(0);
    expect(receipt.received).toBeLessThan(80);
    clock.advance(15_000);
    gateway.current.subscribe({ "3": String(receipt.received) });
    expect(gateway.current.last("subscribe")).toMatchObject({
      start: { positions: { "3": String(receipt.received) } },
    });
    gateway.current.deliver(RUN_1.slice(receipt.received));
    gateway.current.replayed({ "3": "80" });
    expect(frame()).toMatchObject({
      connection: { phase: "live" },
      receipt: { received: 80, complete: true, duplicates: 0 },
    });
  });
});

it("says so when the gateway lets in larger records than this page shows", () => {
  engine.openRun(1, "run-1");
  gateway.current.subscribe(START, { maxRecordBytes: 20_000_000 });
  expect(frame().notices).toMatchObject([{ id: "limits-differ", text: expect.stringContaining("20") }]);
});

describe("a file", () => {
  const bytes = () => GOLDEN_FILE.slice().buffer;

  it("is shown like a run, without any connection", () => {
    engine.openFile(1, "run.dsrun", bytes());
    expect(frame()).toMatchObject({
      openId: "run.dsrun",
      connection: { source: "file" },
      receipt: { received: 80, complete: true },
      run: { runId: "run-1", status: "ok" },
    });
    expect(gateway.connections).toHaveLength(0);
    expect(engine.answers.stepOf({ kind: "live" })).toBe(6);
  });

  it("that is none changes nothing", () => {
    openWhole();
    expect(() => engine.openFile(2, "x", new ArrayBuffer(3))).toThrow("not a .dsrun file");
    expect(frame()).toMatchObject({ openId: "run-1", receipt: { received: 80 } });
  });
});
