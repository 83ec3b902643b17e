import { describe, expect, it } from "vitest";
import { type ClientFrame, type ControlError, decodeControl, encodeControl, wirePositions } from "./control";

interface ControlVector {
  readonly name: string;
  readonly sender: "client" | "server";
  readonly text: string;
  readonly accepted: boolean;
  readonly reason?: string;
}

const vectors = Object.values(
  import.meta.glob<ControlVector[]>("../../../vectors/control/*.json", { eager: true, import: "default" }),
).flat();

describe("vectors/control", () => {
  it("has frames of both directions", () => {
    expect(new Set(vectors.map((vector) => vector.sender))).toEqual(new Set(["client", "server"]));
  });

  for (const vector of vectors.filter(({ sender }) => sender === "server")) {
    it(vector.name, () => {
      if (vector.accepted) {
        expect(decodeControl(vector.text).type).toBe(JSON.parse(vector.text).type);
      } else {
        expect(() => decodeControl(vector.text)).toThrow(
          expect.objectContaining({ reason: vector.reason }) as ControlError,
        );
      }
    });
  }

  for (const vector of vectors.filter(({ sender, accepted }) => sender === "client" && accepted)) {
    it(`sends: ${vector.name}`, () => {
      const frame = JSON.parse(vector.text) as ClientFrame;
      expect(JSON.parse(encodeControl(frame))).toEqual(frame);
    });
  }
});

describe("decodeControl", () => {
  const refused: readonly (readonly [string, string, string])[] = [
    ["not JSON", "{", "bad_frame"],
    ["not an object", "[]", "bad_frame"],
    ["no type", "{}", "bad_frame"],
    ["a client's type", '{"type":"hello"}', "unknown_type"],
    ["a name of the language", '{"type":"constructor"}', "unknown_type"],
    ["a number as offset", '{"type":"progress","id":1,"positions":{"0":5}}', "bad_frame"],
    ["a leading zero", '{"type":"progress","id":1,"positions":{"0":"05"}}', "bad_frame"],
    ["a negative retry", '{"type":"closing","reason":"x","retry_after_ms":-1}', "bad_frame"],
    ["subscription 0", '{"type":"state","id":0,"state":"live"}', "bad_frame"],
  ];
  for (const [what, text, reason] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => decodeControl(text)).toThrow(expect.objectContaining({ reason }) as ControlError);
    });
  }

  it("keeps offsets beyond 2^53 exact, there and back", () => {
    const text = '{"type":"progress","id":1,"positions":{"3":"9007199254740993"}}';
    const frame = decodeControl(text);
    if (frame.type !== "progress") throw new Error("not progress");
    expect(frame.positions.get(3)).toBe(9007199254740993n);
    expect(wirePositions(frame.positions)).toEqual({ "3": "9007199254740993" });
  });

  it("bounds the text of an error", () => {
    try {
      decodeControl(JSON.stringify({ type: "x".repeat(10_000) }));
      expect.unreachable();
    } catch (error) {
      expect((error as ControlError).message.length).toBeLessThanOrEqual(200);
    }
  });
});
