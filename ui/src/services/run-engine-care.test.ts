import { expect, it } from "vitest";
import type { RunFrame } from "../model/frame";
import { FakeGateway } from "../testing/fake-gateway";
import { GOLDEN_RECORDS } from "../testing/golden-run";
import { ManualClock } from "../testing/manual-clock";
import { RunEngine } from "./run-engine";
import type { Place } from "./run-feed";

it("says where it stands before each record, and passes by those that are hopeless", () => {
  const clock = new ManualClock();
  const gateway = new FakeGateway();
  const engine = new RunEngine({ clock, openSocket: gateway.open, random: () => 0.5, version: "1" });
  const told: RunFrame[] = [];
  engine.listen((_, frame) => {
    told.push(frame);
    return undefined;
  });
  const stood: (Place | null)[] = [];
  const hopeless = [{ partition: 3, offset: "20", reason: "its engine stopped there 2 times" }];
  engine.beCareful({ standsAt: (place) => void stood.push(place), hopeless });
  engine.connect({ wsUrl: "ws://gateway/ws", token: null });
  engine.openRun(1, "run-1");
  gateway.current.subscribe({ "3": "0" });
  gateway.current.deliver(GOLDEN_RECORDS.slice(0, 80));
  clock.settle();
  clock.advance(20);
  const offsets = stood.flatMap((place) => (place === null ? [] : [Number(place.offset)]));
  expect(offsets).toEqual([...Array(80).keys()].filter((offset) => offset !== 20));
  expect(stood.at(-1)).toBeNull();
  expect(told.at(-1)?.receipt).toMatchObject({
    received: 79,
    undecodables: [{ partition: 3, offset: "20", reason: expect.stringContaining("stopped there 2 times") }],
  });
});
