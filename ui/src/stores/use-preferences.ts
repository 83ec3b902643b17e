/** The preferences, for every component below the root. */

import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { Preferences, PreferencesStore } from "./preferences";

export const PreferencesContext = createContext<PreferencesStore | null>(null);

export function usePreferences(): readonly [Preferences, PreferencesStore["change"]] {
  const store = useContext(PreferencesContext);
  if (!store) throw new Error("the page's root gives no preferences");
  return [useStore(store), store.change];
}
