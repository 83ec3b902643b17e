import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonValue, stringifyJson } from "../protocol/json";
import { boundedJson, childCountOf, jsonBytes, jsonType, preview } from "./json-text";

const json = fc.jsonValue() as fc.Arbitrary<JsonValue>;

describe("bounded JSON", () => {
  it("is the whole text where that fits, and never much longer than the limit", () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 1, max: 200 }), (value, limit) => {
        const whole = stringifyJson(value);
        const text = boundedJson(value, limit);
        if (whole.length <= limit && !whole.includes("e")) expect(text).toBe(whole);
        expect(text.length).toBeLessThanOrEqual(limit + 1);
      }),
    );
  });

  it("does not read a large value to its end", () => {
    const large = Array.from({ length: 1_000_000 }, (_, index) => index);
    expect(boundedJson(large, 10)).toBe("[0,1,2,3,4…");
  });
});

describe("preview", () => {
  it("shows a text in one line without quotes", () => {
    expect(preview("a\n  b", 80)).toBe("a b");
    expect(preview("abcdef", 3)).toBe("abc…");
    expect(preview({ a: [1, null] }, 80)).toBe('{"a":[1,null]}');
    expect(preview(12345678901234567890n, 80)).toBe("12345678901234567890");
  });
});

it("measures the compact text exactly", () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(jsonBytes(value)).toBe(new TextEncoder().encode(stringifyJson(value)).length);
    }),
  );
});

it("names types and counts children", () => {
  expect([null, true, 1, 2n, "s", [], {}].map((value) => jsonType(value as JsonValue))).toEqual([
    "null",
    "boolean",
    "number",
    "number",
    "string",
    "array",
    "object",
  ]);
  expect([childCountOf([1, 2]), childCountOf({ a: 1 }), childCountOf("text")]).toEqual([2, 1, 0]);
});
