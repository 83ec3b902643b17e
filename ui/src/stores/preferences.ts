/** What a user prefers, kept across visits under one versioned name. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { PreferenceStorage } from "./services";

const NAME = "preferences.v1";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export interface Preferences {
  readonly theme: Theme;
  /** Share of the graph in the run page's upper half, 0 to 1. */
  readonly graphShare: number;
  /** Share of the upper half of the run page, 0 to 1. */
  readonly upperShare: number;
  /** Steps per second when playing. */
  readonly speed: number;
}

export const DEFAULT_PREFERENCES: Preferences = {
  theme: "system",
  graphShare: 0.55,
  upperShare: 0.68,
  speed: 2,
};

export interface PreferencesStore extends StoreApi<Preferences> {
  change(changes: Partial<Preferences>): void;
}

export function createPreferences(storage: PreferenceStorage): PreferencesStore {
  const store = createStore<Preferences>(() => readPreferences(storage.get(NAME)));
  return {
    ...store,
    change(changes) {
      store.setState(changes);
      storage.set(NAME, JSON.stringify(store.getState()));
    },
  };
}

/** Preferences from stored text; whatever is missing or of another shape falls back to its default. */
export function readPreferences(text: string | null): Preferences {
  const stored = parseObject(text);
  const share = (value: unknown, fallback: number) =>
    typeof value === "number" && value > 0 && value < 1 ? value : fallback;
  return {
    theme: THEMES.find((theme) => theme === stored.theme) ?? DEFAULT_PREFERENCES.theme,
    graphShare: share(stored.graphShare, DEFAULT_PREFERENCES.graphShare),
    upperShare: share(stored.upperShare, DEFAULT_PREFERENCES.upperShare),
    speed: typeof stored.speed === "number" && stored.speed > 0 ? stored.speed : DEFAULT_PREFERENCES.speed,
  };
}

function parseObject(text: string | null): { readonly [name in keyof Preferences]?: unknown } {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
