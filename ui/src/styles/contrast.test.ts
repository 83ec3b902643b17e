import { describe, expect, it } from "vitest";
import css from "./tokens.css?raw";

const AA_TEXT = 4.5;

function themeColors(selector: string): Map<string, string> {
  const start = css.indexOf(selector);
  const block = css.slice(start, css.indexOf("}", start));
  return new Map(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1] ?? "", match[2] ?? ""]),
  );
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(front: string, back: string): number {
  const [high = 0, low = 0] = [luminance(front), luminance(back)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const SOFT = [
  "running",
  "ok",
  "error",
  "waiting",
  "loss",
  "llm",
  "tool",
  "idle",
  "added",
  "removed",
  "changed",
  "accent",
];
const PAIRS: [string, string][] = [
  ...["canvas", "surface", "surface-2"].flatMap((back): [string, string][] => [
    ["text", back],
    ["text-2", back],
    ["text-3", back],
    ["accent", back],
    ...SOFT.map((front): [string, string] => [front, back]),
  ]),
  ...["syntax-key", "syntax-string", "syntax-number", "syntax-keyword"].map((front): [string, string] => [
    front,
    "surface",
  ]),
  ...SOFT.flatMap((name): [string, string][] => [
    [name, `${name}-soft`],
    ["text", `${name}-soft`],
  ]),
  ["text-2", "surface-3"],
  ["text", "selection"],
  ["on-accent", "accent"],
];

describe.each([
  ["light", ':root[data-theme="light"]'],
  ["dark", ':root[data-theme="dark"]'],
])("%s theme", (_name, selector) => {
  const colors = themeColors(selector);

  it.each(PAIRS)("%s on %s is readable", (front, back) => {
    const [frontColor, backColor] = [colors.get(front), colors.get(back)];
    expect(frontColor, front).toBeDefined();
    expect(backColor, back).toBeDefined();
    expect(contrast(frontColor ?? "", backColor ?? "")).toBeGreaterThanOrEqual(AA_TEXT);
  });
});
