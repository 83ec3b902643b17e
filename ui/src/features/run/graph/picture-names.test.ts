import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesOf } from "./picture-names";

const measure = (text: string) => [...text].length;
const lines = (name: string, width: number, most = 2) => linesOf(name, width, most, measure);

describe("names on the picture of a large graph", () => {
  it("break between their words", () => {
    expect(lines("write_report", 20)).toEqual(["write_report"]);
    expect(lines("write_report", 8)).toEqual(["write_", "report"]);
    expect(lines("a.b-c/d", 4)).toEqual(["a.b-", "c/d"]);
  });

  it("are cut in the middle of the last line, so that numbers at their ends stay", () => {
    expect(lines("fetch_documents_601", 9)).toEqual(["fetch_", "docu…_601"]);
    expect(lines("documents_601", 7, 1)).toEqual(["doc…601"]);
  });

  it("break within a word that is wider than the line", () => {
    expect(lines("incomprehensible", 8)).toEqual(["incompre", "hensible"]);
  });

  it("are left out where not even a letter fits", () => {
    expect(lines("write", 0)).toEqual([]);
    expect(lines("", 10)).toEqual([]);
  });

  it("never reach beyond their room, and lose nothing that fits", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 1, max: 3 }),
        (name, width, most) => {
          const made = lines(name, width, most);
          expect(made.length).toBeLessThanOrEqual(most);
          for (const line of made) expect(measure(line)).toBeLessThanOrEqual(width);
          if (measure(name) <= width) expect(made.join("")).toBe(name);
        },
      ),
    );
  });
});
