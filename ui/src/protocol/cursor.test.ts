import { describe, expect, it } from "vitest";
import { Cursor } from "./cursor";

const at = (...pairs: [number, bigint][]) => new Map(pairs);

describe("Cursor", () => {
  it("moves forward only", () => {
    const cursor = new Cursor();
    expect(cursor.advance(at([0, 5n]))).toBe(true);
    expect(cursor.advance(at([0, 5n]))).toBe(false);
    expect(cursor.advance(at([0, 3n]))).toBe(false);
    expect(cursor.positions).toEqual(at([0, 5n]));
  });

  it("stays below a start that lies above it, until the gap between is applied", () => {
    const cursor = new Cursor();
    cursor.enter("a");
    cursor.advance(at([0, 5n]));
    cursor.begin(at([0, 9n], [1, 2n]));
    expect(cursor.positions).toEqual(at([0, 5n], [1, 2n]));
  });

  it("tells the gateway each advance once, and no start that the gateway named itself", () => {
    const cursor = new Cursor();
    cursor.begin(at([0, 5n], [1, 0n]));
    expect(cursor.takeUnacknowledged()).toEqual(at());
    cursor.advance(at([0, 7n]));
    expect(cursor.takeUnacknowledged()).toEqual(at([0, 7n]));
    expect(cursor.takeUnacknowledged()).toEqual(at());
  });

  it("forgets its positions in another epoch", () => {
    const cursor = new Cursor();
    expect(cursor.enter("a")).toBe(true);
    cursor.advance(at([0, 5n]));
    expect(cursor.enter("a")).toBe(true);
    expect(cursor.isEmpty).toBe(false);
    expect(cursor.enter("b")).toBe(false);
    expect(cursor.isEmpty).toBe(true);
    expect(cursor.epoch).toBe("b");
  });
});
