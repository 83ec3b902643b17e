import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffText } from "./text-diff";

const side = (kind: "added" | "removed", before: string, after: string) =>
  diffText(before, after)
    .filter((part) => part.kind === "same" || part.kind === kind)
    .map((part) => part.text)
    .join("");

describe("diffText", () => {
  it("marks only the words that changed", () => {
    expect(diffText("the sky is blue today", "the sky is red today")).toEqual([
      { kind: "same", text: "the sky is " },
      { kind: "removed", text: "blue" },
      { kind: "added", text: "red" },
      { kind: "same", text: " today" },
    ]);
  });

  it("shows an append as one addition", () => {
    expect(diffText("a b", "a b c")).toEqual([
      { kind: "same", text: "a b" },
      { kind: "added", text: " c" },
    ]);
  });

  it("never loses or invents text", () => {
    const text = fc.array(fc.constantFrom("a", "b", " ", ",", "é", "𝒳", "\n")).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(side("removed", before, after)).toBe(before);
        expect(side("added", before, after)).toBe(after);
      }),
    );
  });
});
