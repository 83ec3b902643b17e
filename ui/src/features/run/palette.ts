/** The colours of a canvas, read from the design tokens of the theme that is on the document. */

import { useEffect, useState } from "react";

const NAMES = [
  "canvas",
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
  "ok-soft",
  "error",
  "error-soft",
  "waiting",
  "waiting-soft",
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

/** Once per theme: the tokens of a theme never change. */
export function paletteOf(theme: string): Palette {
  const known = palettes.get(theme);
  if (known) return known;
  const style = getComputedStyle(document.body);
  const colors = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  const palette = { ...(colors as Record<ColorName, string>), font: style.fontFamily || "sans-serif" };
  palettes.set(theme, palette);
  return palette;
}

const palettes = new Map<string, Palette>();

/** The theme that is on the document, as it changes. */
export function useDocumentTheme(): string {
  const [theme, setTheme] = useState(() => document.documentElement.dataset.theme ?? "");
  useEffect(() => {
    const observer = new MutationObserver(() => setTheme(document.documentElement.dataset.theme ?? ""));
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => observer.disconnect();
  }, []);
  return theme;
}
