import { beforeEach, expect, it } from "vitest";
import type { RunFrame } from "../model/frame";
import { FakeGateway } from "../testing/fake-gateway";
import { GOLDEN_RECORDS } from "../testing/golden-run";
import { ManualClock } from "../testing/manual-clock";
import { RunEngine } from "./run-engine";

let clock: ManualClock;
let gateway: FakeGateway;
let engine: RunEngine;
let told: RunFrame | null;

beforeEach(() => {
  clock = new ManualClock();
  gateway = new FakeGateway();
  engine = new RunEngine({ clock, openSocket: gateway.open, random: () => 0.5, version: "1.2.3" });
  engine.listen((_, frame) => {
    told = frame;
    return undefined;
  });
  engine.connect({ wsUrl: "ws://gateway/ws", token: "secret" });
});

/** The newest frame, once everything that is due has happened. */
function frame(): RunFrame {
  clock.advance(20);
  if (told === null) throw new Error("no frame was told");
  return told;
}

function openWhole(): void {
  engine.openRun(1, "run-1");
  gateway.current.subscribe({ "3": "0" });
  gateway.current.deliver(GOLDEN_RECORDS.slice(0, 80));
  gateway.current.replayed({ "3": "80" });
}

it("shows another token to the same connection, and keeps what it has", () => {
  openWhole();
  engine.connect({ wsUrl: "ws://gateway/ws", token: "secret" });
  expect(gateway.current.last("auth")).toBeUndefined();
  gateway.current.say({ type: "expiring", in_ms: 60_000 });
  clock.advance(1_000);
  expect(frame().connection.expiresInMs).toBeLessThanOrEqual(60_000);
  engine.connect({ wsUrl: "ws://gateway/ws", token: "other" });
  expect(gateway.current.last("auth")).toMatchObject({ token: "other" });
  expect(gateway.connections).toHaveLength(1);
  expect(frame()).toMatchObject({ receipt: { received: 80 }, connection: { expiresInMs: null } });
});

it("goes on after the last record applied once a refused token is replaced, by the same one too", () => {
  openWhole();
  expect(frame().receipt.received).toBe(80);
  gateway.current.events.closed(4501, "");
  expect(frame().connection).toMatchObject({ phase: "closed", isTokenRefused: true });
  engine.connect({ wsUrl: "ws://gateway/ws", token: "secret" });
  gateway.current.subscribe({ "3": "80" });
  expect(gateway.current.last("subscribe")).toMatchObject({ start: { positions: { "3": "80" } } });
  expect(frame().receipt).toMatchObject({ received: 80, duplicates: 0 });
});
