/** Keys as people know them. */

import { PALETTE_KEYS } from "../../stores/keyboard";

const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);
const CAPS: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  Space: "space",
  [PALETTE_KEYS]: APPLE ? "⌘ K" : "Ctrl K",
};

export const shownKeys = (keys: string): string =>
  keys
    .split(" ")
    .map((key) => CAPS[key] ?? key)
    .join(" ");
