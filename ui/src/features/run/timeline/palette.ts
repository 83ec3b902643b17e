/** The colours of a canvas, read from the design tokens of the theme that is on the document. */

const NAMES = [
  "surface",
  "surface-2",
  "surface-3",
  "border",
  "border-strong",
  "text",
  "text-2",
  "text-3",
  "accent",
  "running",
  "running-soft",
  "ok",
  "error",
  "error-soft",
  "waiting",
  "loss",
  "llm",
  "llm-soft",
  "tool",
  "tool-soft",
  "idle",
  "idle-soft",
] as const;

export type ColorName = (typeof NAMES)[number];
export type Palette = Readonly<Record<ColorName, string>> & { readonly font: string };

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const colors = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return { ...(colors as Record<ColorName, string>), font: style.fontFamily || "sans-serif" };
}
