import { expect, it } from "vitest";
import { GOLDEN_FILE, GOLDEN_RECORDS } from "../testing/golden-run";
import { RunFileError, runFileValues } from "./run-file";

const valuesOf = (file: Uint8Array) => [...runFileValues(file)];

it("gives the records that the gateway wrote", () => {
  expect(valuesOf(GOLDEN_FILE)).toEqual(GOLDEN_RECORDS.map(({ value }) => value));
});

it("refuses what is no run file", () => {
  expect(() => valuesOf(new Uint8Array())).toThrow(RunFileError);
  expect(() => valuesOf(Uint8Array.from(GOLDEN_FILE, (byte, index) => (index === 7 ? 2 : byte)))).toThrow(
    "version 1",
  );
});

it("refuses a file that is cut short, wherever it is cut", () => {
  for (let length = 0; length < GOLDEN_FILE.length; length += 97) {
    expect(() => valuesOf(GOLDEN_FILE.subarray(0, length))).toThrow(RunFileError);
  }
});
