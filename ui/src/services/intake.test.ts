import { describe, expect, it } from "vitest";
import type { Entry } from "../protocol/gen/dashstream_pb";
import type { Delivery } from "../protocol/session-types";
import { INTAKE_BOUNDS, Intake } from "./intake";

const entry = (offset: number): Entry => ({
  $typeName: "dashstream.v1.Entry",
  partition: 0,
  offset: BigInt(offset),
  step: 1n,
  value: new Uint8Array(),
});

const records = (from: number, count: number, duplicates = 0): Delivery => ({
  kind: "records",
  entries: Array.from({ length: count }, (_, index) => entry(from + index)),
  duplicates,
});

describe("the intake", () => {
  it("gives back what it was given, in order, with control in between", () => {
    const intake = new Intake();
    intake.push(records(0, 2, 3), 1, 100, 0);
    intake.push({ kind: "progress", positions: new Map([[0, 9n]]) }, 2, 0, 0);
    intake.push(records(9, 1), 2, 50, 0);
    const taken: unknown[] = [];
    for (let item = intake.take(); item !== null; item = intake.take()) {
      taken.push(
        item.kind === "record" ? item.entry.offset : item.kind === "control" ? item.generation : item.count,
      );
    }
    expect(taken).toEqual([0n, 1n, 3, 2, 9n]);
    expect(intake.isEmpty).toBe(true);
    expect(intake.backlog(5)).toEqual({ records: 0, bytes: 0, ageMs: 0 });
  });

  it("counts what is received and not taken", () => {
    const intake = new Intake();
    intake.push(records(0, 200), 1, 1_000, 10);
    intake.push(records(200, 10), 1, 500, 20);
    for (let count = 0; count < 50; count += 1) intake.take();
    expect(intake.backlog(110)).toEqual({ records: 160, bytes: 1_500, ageMs: 100 });
    intake.clear();
    expect(intake.take()).toBeNull();
    expect(intake.backlog(110)).toEqual({ records: 0, bytes: 0, ageMs: 0 });
  });

  it("says which bound is exceeded", () => {
    const intake = new Intake({ records: 10, bytes: 100, ageMs: 50 });
    intake.push(records(0, 5), 1, 40, 0);
    expect(intake.overflow(50)).toBeNull();
    expect(intake.overflow(51)).toContain("wait");
    intake.push(records(5, 6), 1, 10, 0);
    expect(intake.overflow(0)).toContain("11 records");
    const large = new Intake({ records: 10, bytes: 100, ageMs: 50 });
    large.push(records(0, 1), 1, 101, 0);
    expect(large.overflow(0)).toContain("MB");
  });

  it("has bounds above what one window of small records can hold", () => {
    const window = 4 * 1024 * 1024;
    expect(INTAKE_BOUNDS.bytes).toBeGreaterThan(window);
    expect(INTAKE_BOUNDS.records).toBeGreaterThan(window / 40);
  });
});
