import { describe, expect, it } from "vitest";
import { type RecordEntry, RecordStore } from "./record-store";

const entry = (sequence: bigint, value = new Uint8Array(10)): RecordEntry => ({
  partition: 1,
  offset: sequence + 100n,
  sequence,
  kind: "event",
  type: "node_start",
  timestampUs: 5,
  nodeId: "a",
  attempt: 1,
  superstep: -1n,
  step: -1,
  summary: `number ${sequence}`,
  value,
  inner: 0,
});

describe("the record store", () => {
  it("gives back what it was given, beyond its first capacity", () => {
    const store = new RecordStore();
    for (let sequence = 1n; sequence <= 3_000n; sequence += 1n) store.append(entry(sequence));
    expect(store.length).toBe(3_000);
    const row = 2_500;
    expect([store.sequence(row), store.offset(row), store.superstep(row), store.node(row)]).toEqual([
      2501n,
      2601n,
      "-1",
      "a",
    ]);
    expect(store.summary(row)).toBe("number 2501");
    expect(store.stepColumn.at(row)).toBe(-1);
  });

  it("finds how many records a sequence covers, in order or not", () => {
    const store = new RecordStore();
    for (const sequence of [1n, 2n, 5n, 6n]) store.append(entry(sequence));
    expect([0n, 2n, 4n, 9n].map((sequence) => store.rowsThrough(sequence))).toEqual([0, 2, 2, 4]);
    store.append(entry(3n));
    expect([2n, 3n, 9n].map((sequence) => store.rowsThrough(sequence))).toEqual([2, 5, 5]);
  });

  it("lets the oldest go above its bound of records, and keeps the numbers of the rest", () => {
    const store = new RecordStore({ records: 8, bytes: 1_000 });
    for (let sequence = 1n; sequence <= 9n; sequence += 1n) store.append(entry(sequence));
    expect([store.isAboveBound, store.newHorizon()]).toEqual([true, 2]);
    store.letGoBefore(2);
    expect([store.isAboveBound, store.first, store.length]).toEqual([false, 2, 9]);
    expect([store.sequence(2), store.summary(8), store.value(1)]).toEqual([3n, "number 9", null]);
    expect([store.rowOf(101n, 0), store.rowOf(103n, 0)]).toEqual([null, 2]);
    expect([0n, 3n, 9n].map((sequence) => store.rowsThrough(sequence))).toEqual([2, 3, 9]);
  });

  it("lets the oldest go above its bound of bytes", () => {
    const store = new RecordStore({ records: 100, bytes: 25 });
    for (const sequence of [1n, 2n, 3n]) store.append(entry(sequence));
    expect([store.isAboveBound, store.newHorizon()]).toEqual([true, 1]);
    store.letGoBefore(1);
    expect(store.isAboveBound).toBe(false);
    expect([0, 1, 2].map((row) => store.value(row)?.length ?? null)).toEqual([null, 10, 10]);
  });

  it("counts a frame's bytes once, and cannot let go of the newest", () => {
    const store = new RecordStore({ records: 100, bytes: 100 });
    const frame = new Uint8Array(900);
    for (const at of [0, 10, 20]) store.append(entry(BigInt(at + 1), frame.subarray(at, at + 10)));
    expect(store.isAboveBound).toBe(false);
    expect(store.value(2)?.byteOffset).toBe(20);
  });
});
