/** Preferences in the browser's storage, under versioned names; in memory where storage is blocked or full. */

import type { PreferenceStorage } from "../stores/services";

const PREFIX = "dashstream.v1.";

/** `open` gives the browser's storage; it may throw, as storage does where it is blocked. */
export function preferenceStorage(open: () => Storage): PreferenceStorage {
  const memory = new Map<string, string | null>();
  return {
    get(name) {
      if (memory.has(name)) return memory.get(name) ?? null;
      try {
        return open().getItem(PREFIX + name);
      } catch {
        return null;
      }
    },
    set(name, value) {
      try {
        if (value === null) open().removeItem(PREFIX + name);
        else open().setItem(PREFIX + name, value);
        memory.delete(name);
      } catch {
        memory.set(name, value);
      }
    },
  };
}
