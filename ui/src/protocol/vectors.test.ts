import { describe, expect, test } from "vitest";
import framing from "../../../vectors/framing/cases.json";
import patches from "../../../vectors/patch/cases.json";
import hashes from "../../../vectors/state_hash/cases.json";
import { RecordError, unframe } from "./codec";
import { type JsonValue, jsonEqual, parseJson, stringifyJson } from "./json";
import { applyOps, type OpKind, type PatchOp, parsePointer } from "./patch";
import { HashedState, stateHash } from "./state-hash";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

interface WrittenOp {
  op: OpKind;
  path: string;
  value?: JsonValue;
  from?: string;
}

function operations(text: string): PatchOp[] {
  return (parseJson(text) as unknown as WrittenOp[]).map(({ op, path, value, from }) => ({
    op,
    path: parsePointer(path),
    ...(value === undefined ? {} : { value }),
    ...(from === undefined ? {} : { from: parsePointer(from) }),
  }));
}

describe("state hash", () => {
  test.each(hashes.values)("$name", ({ json, hash }) => {
    const value = parseJson(json);
    expect(hex(stateHash(value))).toBe(hash);
    expect(hex(stateHash(parseJson(stringifyJson(value))))).toBe(hash);
  });

  test.each(hashes.refused)("refuses $name", ({ json }) => {
    expect(() => stateHash(parseJson(json))).toThrow();
  });

  test("a state of 10 MB", { timeout: 30_000 }, () => {
    const value = Array.from({ length: 10_000 }, (_, id) => ({
      id,
      text: "x".repeat(1000),
      even: id % 2 === 0,
    }));
    expect(hex(stateHash(value))).toBe(hashes.generated.hash);
  });
});

describe("patch", () => {
  test.each(patches)("$name", ({ before, operations: text, after, hash }) => {
    const state = parseJson(before);
    if (after === null) {
      expect(() => applyOps(state, operations(text))).toThrow();
    } else {
      expect(jsonEqual(applyOps(state, operations(text)), parseJson(after))).toBe(true);
      const next = HashedState.of(state).apply(operations(text));
      expect(hex(next.hash)).toBe(hash);
      expect(hex(stateHash(parseJson(stringifyJson(next.value))))).toBe(hash);
    }
    expect(jsonEqual(state, parseJson(before))).toBe(true);
  });
});

describe("framing", () => {
  test.each(framing)("$name", ({ value, limit, payload, error }) => {
    if (payload !== null) {
      expect(Buffer.from(unframe(bytes(value), limit)).toString("base64")).toBe(payload);
      return;
    }
    try {
      unframe(bytes(value), limit);
      expect.unreachable();
    } catch (caught) {
      expect(caught).toBeInstanceOf(RecordError);
      expect((caught as RecordError).code).toBe(error);
    }
  });
});
