import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { HeaderSchema } from "../protocol/gen/dashstream_pb";
import { Producers } from "./producers";

const header = (
  sequence: bigint,
  more: {
    producerId?: string;
    producerEpoch?: bigint;
    threadId?: string;
    runId?: string;
    runSequence?: bigint;
  } = {},
) => create(HeaderSchema, { sequence, producerId: "p", producerEpoch: 1n, threadId: "t", ...more });
const place = (offset: bigint, inner = 0) => ({ partition: 0, offset, inner });

it("counts an item once for its producer, epoch, thread and sequence", () => {
  const producers = new Producers();
  expect(producers.add(header(1n), place(0n), null)).toBe(true);
  expect(producers.add(header(1n), place(1n), null)).toBe(false);
  expect(producers.add(header(1n, { producerEpoch: 2n }), place(2n), null)).toBe(true);
  expect(producers.add(header(1n, { producerId: "q" }), place(3n), null)).toBe(true);
  expect(producers.add(header(1n, { threadId: "u" }), place(4n), null)).toBe(true);
});

it("counts an unsequenced item once for its place", () => {
  const producers = new Producers();
  expect(producers.add(header(0n), place(0n), null)).toBe(true);
  expect(producers.add(header(0n), place(0n), null)).toBe(false);
  expect(producers.add(header(0n), place(0n, 1), null)).toBe(true);
  expect(producers.add(header(0n), place(1n), null)).toBe(true);
  expect(producers.holes(9)).toEqual([]);
});

it("takes an unsequenced item from before the horizon for a repeat", () => {
  const producers = new Producers();
  for (const offset of [0n, 1n, 2n]) producers.add(header(0n), place(offset), null);
  producers.letGoBefore(2n);
  expect([0n, 1n, 2n, 3n].map((offset) => producers.add(header(0n), place(offset), null))).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

it("tells of holes with the step after which they stand, until they are filled", () => {
  const producers = new Producers();
  producers.add(header(1n), place(0n), null);
  producers.add(header(4n), place(1n), 7);
  producers.add(header(3n, { producerId: "q" }), place(2n), 8);
  producers.add(header(5n, { producerId: "q" }), place(3n), 9);
  expect(producers.holes(9)).toEqual([
    { from: 2n, to: 4n, step: 7 },
    { from: 4n, to: 5n, step: 9 },
  ]);
  expect(producers.holes(1)).toHaveLength(1);
  expect([producers.missing, producers.holeCount]).toEqual([3n, 2]);
  producers.add(header(3n), place(4n), 9);
  producers.add(header(2n), place(5n), 9);
  expect(producers.holes(9)).toHaveLength(1);
});

it("takes what other runs of the thread counted for no hole, and tells of a run that begins late", () => {
  const producers = new Producers();
  producers.add(header(1n, { runId: "a", runSequence: 1n }), place(0n), null);
  producers.add(header(9n, { runId: "a", runSequence: 2n }), place(1n), 1);
  expect(producers.holes(9)).toEqual([]);
  producers.add(header(12n, { runId: "a", runSequence: 4n }), place(2n), 2);
  producers.add(header(13n, { runId: "b", runSequence: 3n }), place(3n), 2);
  expect(producers.holes(9)).toEqual([
    { from: 3n, to: 4n, step: 2 },
    { from: 1n, to: 3n, step: null },
  ]);
  expect([producers.missing, producers.holeCount]).toEqual([3n, 2]);
});
