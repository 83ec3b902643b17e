import { create, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Checkpoint,
  CheckpointSchema,
  DiffOperation_OpType,
  DiffOperationSchema,
  HashAlgorithm,
  type StateDiff,
  StateDiffSchema,
} from "../protocol/gen/dashstream_pb";
import { type JsonValue, stringifyJson } from "../protocol/json";
import { applyOps, opsFromWire } from "../protocol/patch";
import { stateHash } from "../protocol/state-hash";
import { StateHistory } from "./state-history";

const utf8 = new TextEncoder();
const hashAlgorithm = HashAlgorithm.TREE_1;

function setting(before: JsonValue, path: string, value: JsonValue): { diff: StateDiff; after: JsonValue } {
  const op = DiffOperation_OpType.ADD;
  const operations = [create(DiffOperationSchema, { op, path, value: utf8.encode(stringifyJson(value)) })];
  const after = applyOps(before, opsFromWire(operations));
  const hashes = { baseStateHash: stateHash(before), stateHash: stateHash(after), hashAlgorithm };
  return { diff: create(StateDiffSchema, { operations, ...hashes }), after };
}

function full(state: JsonValue, more: MessageInitShape<typeof CheckpointSchema> = {}): Checkpoint {
  const text = utf8.encode(stringifyJson(state));
  return create(CheckpointSchema, { state: text, stateHash: stateHash(state), hashAlgorithm, ...more });
}

/** A run of states that append to a list, and its history; `budget` in slots. */
function appending(steps: number, budget?: number) {
  const diffs: (StateDiff | null)[] = [null];
  const history = new StateHistory((row) => diffs[row] ?? null, budget);
  const states: JsonValue[] = [{ list: [], n: 0 }];
  history.applyCheckpoint(0, 0n, full(states[0] as JsonValue));
  for (let step = 1; step <= steps; step += 1) {
    const { diff, after } = setting(states.at(-1) as JsonValue, "/list/-", step);
    diffs.push(diff);
    states.push(after);
    history.applyDiff(step, BigInt(step), diff);
  }
  return { history, states, diffs };
}

describe("the history of a state", () => {
  it("has every state, whatever the budget", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 2_000 }), (steps, budget) => {
        const { history, states } = appending(steps, budget);
        expect([history.steps.length, history.verified, history.verifiedBelow]).toEqual([
          steps + 1,
          steps + 1,
          steps + 1,
        ]);
        for (const step of [...states.keys()].reverse())
          expect(history.stateAt(step)?.value).toEqual(states[step]);
      }),
    );
  });

  it("finds the step that a number of records falls into", () => {
    const { history } = appending(3);
    expect([0, 1, 3, 99].map((rows) => history.stepBefore(rows))).toEqual([null, 0, 2, 3]);
  });

  it("is in doubt after a lost change, shows the last state, and heals from a full one", () => {
    const { history, states, diffs } = appending(2);
    const lost = setting(states[2] as JsonValue, "/n", 1);
    const next = setting(lost.after, "/n", 2);
    diffs.push(next.diff);
    history.applyDiff(3, 4n, next.diff);
    expect(history.doubt).toBe("base_mismatch");
    expect(history.stateAt(3)).toMatchObject({ step: 2, value: states[2] });
    history.applyCheckpoint(4, 4n, full(next.after));
    expect(history.doubt).toBeNull();
    expect(history.steps).toHaveLength(4);
    expect(history.stateAt(3)).toMatchObject({ step: 3, value: next.after });
  });

  it("raises no alarm for a change that came before, or a full state that is known", () => {
    const { history, diffs } = appending(2);
    history.applyCheckpoint(3, 2n, full({ list: [1, 2], n: 0 }));
    expect(history.steps).toHaveLength(3);
    history.applyDiff(4, 2n, diffs[2] as StateDiff);
    expect([history.doubt, history.incidents]).toEqual([null, 0]);
  });

  it("does not show a state whose hash is wrong", () => {
    const { history, states, diffs } = appending(1);
    const { diff } = setting(states[1] as JsonValue, "/n", 5);
    diff.stateHash = new Uint8Array(16);
    diffs.push(diff);
    history.applyDiff(2, 2n, diff);
    expect(history.doubt).toBe("hash_mismatch");
    expect(history.stateAt(2)).toMatchObject({ step: 1, value: states[1] });
  });

  it("joins the chunks of a full state, and notices one that is missing", () => {
    const text = utf8.encode('{"a":"0123456789"}');
    const chunk = (chunkIndex: number, more: MessageInitShape<typeof CheckpointSchema> = {}) =>
      create(CheckpointSchema, {
        checkpointId: Uint8Array.from([7]),
        state: text.subarray(chunkIndex * 6, chunkIndex * 6 + 6),
        chunkIndex,
        chunkCount: 3,
        hashAlgorithm,
        ...more,
      });
    const last = { stateHash: stateHash({ a: "0123456789" }) };
    const history = new StateHistory(() => null);
    [chunk(0), chunk(1), chunk(2, last)].forEach((part, row) => {
      history.applyCheckpoint(row, 0n, part);
    });
    expect(history.stateAt(0)?.value).toEqual({ a: "0123456789" });
    const torn = new StateHistory(() => null);
    [chunk(0), chunk(2, last)].forEach((part, row) => {
      torn.applyCheckpoint(row, 0n, part);
    });
    expect(torn.doubt).toBe("chunk_missing");
    expect(torn.stateAt(0)).toBeNull();
  });

  it("says damaged, not to be compared, or elsewhere", () => {
    const doubtOf = (checkpoint: Checkpoint) => {
      const history = new StateHistory(() => null);
      history.applyCheckpoint(0, 0n, checkpoint);
      return history.doubt;
    };
    expect(doubtOf(full({}, { checksum: new Uint8Array(32) }))).toBe("checkpoint_damaged");
    expect(doubtOf(full({}, { state: utf8.encode("{") }))).toBe("checkpoint_damaged");
    expect(doubtOf(full({}, { hashAlgorithm: HashAlgorithm.LEGACY_SHA256 }))).toBe("unverifiable");
    expect(doubtOf(full({}, { storageUri: "s3://x" }))).toBe("unverifiable");
  });
});
