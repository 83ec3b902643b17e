import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { DiffOperation_OpType, DiffOperationSchema } from "../protocol/gen/dashstream_pb";
import { type JsonValue, jsonEqual, stringifyJson } from "../protocol/json";
import { applyOps, formatPointer, type PatchOp, parsePointer } from "../protocol/patch";
import { blame, lookUp, TouchIndex, touchesOf } from "./blame";

const PATHS = ["", "/a", "/a/x", "/list", "/list/0", "/list/1", "/list/0/x", "/a~1b"];

const VALUES: readonly JsonValue[] = [1, 2, { x: 1 }, { x: 2 }];
const LISTS: readonly JsonValue[] = [[], [1], [{ x: 1 }, 2]];

/** Operations that fit a state that keeps its shape: an object with a list. */
const op: fc.Arbitrary<PatchOp> = fc.oneof(
  fc
    .tuple(fc.constantFrom("/a", "/a~1b", "/list/0", "/list/-"), fc.constantFrom(...VALUES))
    .map(([path, value]) => ({ op: "add" as const, path: parsePointer(path), value })),
  fc.constantFrom(...LISTS).map((value) => ({ op: "replace" as const, path: ["list"], value })),
);

const wire = ({ op: kind, path, value }: PatchOp) =>
  create(DiffOperationSchema, {
    op: kind === "add" ? DiffOperation_OpType.ADD : DiffOperation_OpType.REPLACE,
    path: formatPointer(path),
    value: new TextEncoder().encode(stringifyJson(value ?? null)),
  });

it("finds the steps that a scan of every step finds", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(op, { maxLength: 3 }), { maxLength: 20 }),
      fc.constantFrom(...PATHS),
      (changes, path) => {
        const states: JsonValue[] = [{ a: 0, list: [0] }];
        const index = new TouchIndex();
        index.push(null);
        for (const ops of changes) {
          states.push(applyOps(states.at(-1) as JsonValue, ops));
          index.push(touchesOf(ops.map(wire), states.at(-1)));
        }
        const at = (step: number) => lookUp(states[step], parsePointer(path));
        const expected = states
          .map((_, step) => step)
          .filter((step) => {
            const [before, after] = [step === 0 ? undefined : at(step - 1), at(step)];
            if (before === undefined || after === undefined) return before !== after;
            return !jsonEqual(before, after);
          })
          .reverse();
        const found = blame(index, path, states.length - 1, 1_000, (step) => states[step]);
        expect(found.map(({ step }) => step)).toEqual(expected);
        for (const { step, value } of found) expect(value).toEqual(at(step));
        const few = blame(index, path, states.length - 1, 2, (step) => states[step]);
        expect(few.map(({ step }) => step)).toEqual(expected.slice(0, 2));
      },
    ),
  );
});

it("asks only for the states of steps that touch the path", () => {
  const index = new TouchIndex();
  const states = Array.from({ length: 1_000 }, (_, step) => ({ hot: step, cold: step >= 500 ? 1 : 0 }));
  const hot = { pointer: "/hot", moves: false };
  const both = [hot, { pointer: "/cold", moves: false }];
  for (const step of states.keys()) index.push(step === 0 ? null : step === 500 ? both : [hot]);
  const asked: number[] = [];
  const found = blame(index, "/cold", 999, 10, (step) => {
    asked.push(step);
    return states[step];
  });
  expect(found.map(({ step }) => step)).toEqual([500, 0]);
  expect(asked).toEqual([500, 0]);
});

it("does not blame an append on what stood before it", () => {
  const append = wire({ op: "add", path: ["list", "-"], value: 1 });
  const index = new TouchIndex();
  index.push(null);
  index.push(touchesOf([append, append], { list: [1, 2, 1, 1] }));
  expect([...index.candidates("/list/1", 1)]).toEqual([0]);
  expect([...index.candidates("/list/2", 1)]).toEqual([1, 0]);
  expect([...index.candidates("/list/3/x", 1)]).toEqual([1, 0]);
  expect([...index.candidates("/list", 1)]).toEqual([1, 0]);
});
