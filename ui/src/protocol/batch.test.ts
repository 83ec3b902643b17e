import { decompress } from "fzstd";
import { describe, expect, it } from "vitest";
import { BatchError, Continuity, decodeDataFrame } from "./batch";

interface FrameVector {
  readonly name: string;
  readonly frame: string;
  readonly accepted: boolean;
  readonly subscription?: number;
  readonly first_delivery?: string;
  readonly entries?: readonly { partition: number; offset: string; step: string; value: string }[];
}

interface ContinuityVector {
  readonly name: string;
  readonly start: Record<string, string>;
  readonly seen: readonly {
    what: "record" | "gap" | "progress";
    partition: number;
    offset: string;
    step: string;
    verdict?: string;
  }[];
  readonly positions: Record<string, string>;
}

const files = import.meta.glob<unknown>("../../../vectors/batch/*.json", { eager: true, import: "default" });
const topics = new Map(Object.entries(files).map(([path, value]) => [path.split("/").at(-1) ?? "", value]));

function toBytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function toPositions(wire: Record<string, string>): Map<number, bigint> {
  return new Map(Object.entries(wire).map(([partition, next]) => [Number(partition), BigInt(next)]));
}

it("knows every topic of vectors/batch", () => {
  expect([...topics.keys()].sort()).toEqual(["continuity.json", "frames.json"]);
});

describe("data frames", () => {
  for (const vector of topics.get("frames.json") as FrameVector[]) {
    it(vector.name, () => {
      const bytes = toBytes(vector.frame);
      if (!vector.accepted) {
        expect(() => decodeDataFrame(bytes, decompress)).toThrow(BatchError);
        return;
      }
      const frame = decodeDataFrame(bytes, decompress);
      expect(frame.subscription).toBe(vector.subscription);
      expect(String(frame.firstDelivery)).toBe(vector.first_delivery);
      expect(
        frame.entries.map((entry) => ({
          partition: entry.partition,
          offset: String(entry.offset),
          step: String(entry.step),
          value: toHex(entry.value),
        })),
      ).toEqual(vector.entries);
    });
  }

  it("refuses compressed entries that were not agreed", () => {
    const compressed = (topics.get("frames.json") as FrameVector[]).find(({ name }) => name === "compressed");
    expect(() => decodeDataFrame(toBytes(compressed?.frame ?? ""), null)).toThrow(
      "no compression was agreed",
    );
  });
});

describe("continuity", () => {
  for (const vector of topics.get("continuity.json") as ContinuityVector[]) {
    it(vector.name, () => {
      const continuity = new Continuity(toPositions(vector.start));
      for (const seen of vector.seen) {
        const offset = BigInt(seen.offset);
        if (seen.what === "record") {
          expect(continuity.record(seen.partition, offset, BigInt(seen.step))).toBe(seen.verdict);
        } else {
          continuity.advance(seen.partition, offset);
        }
      }
      expect(continuity.positions).toEqual(toPositions(vector.positions));
    });
  }
});
