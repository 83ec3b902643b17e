/** Puts the preferred theme on the document; "system" follows the operating system while the page is open. */

import { useLayoutEffect } from "react";
import type { Theme } from "../../stores/preferences";

const DARK = "(prefers-color-scheme: dark)";

export function useAppliedTheme(theme: Theme): void {
  useLayoutEffect(() => {
    const system = window.matchMedia(DARK);
    const apply = () => {
      document.documentElement.dataset.theme =
        theme === "system" ? (system.matches ? "dark" : "light") : theme;
    };
    apply();
    system.addEventListener("change", apply);
    return () => system.removeEventListener("change", apply);
  }, [theme]);
}
