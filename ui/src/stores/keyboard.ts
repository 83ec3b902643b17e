/**
 * Shortcuts: which exist now, and which one a key means.
 *
 * A widget that has the focus comes first: it stops what it takes, text fields take everything, and keys that
 * press a button or move within a widget are left to it. A sequence such as "g r" is forgotten after a second. The
 * palette's key works everywhere but in a dialog.
 */

import { useEffect, useRef } from "react";
import { createStore } from "zustand/vanilla";

export interface Shortcut {
  /** Keys as `KeyboardEvent.key` names them, "Space" for the space bar, joined by spaces for a sequence. */
  readonly keys: string;
  readonly label: string;
  readonly run: () => void;
}

export interface ShortcutGroup {
  readonly title: string;
  readonly shortcuts: readonly Shortcut[];
}

/** Ctrl or ⌘ with K. */
export const PALETTE_KEYS = "Mod+k";

const SEQUENCE_MS = 1000;
const TEXT_FIELDS = "input, textarea, select, [contenteditable='true']";
const PRESSED_BY_SPACE =
  "button, a, summary, [role='tab'], [role='button'], [role='option'], [role='treeitem']";
const MOVED_BY_ARROWS =
  "[role='slider'], [role='tab'], [role='separator'], [role='listbox'], [role='tree'], [role='grid'], [role='list'], [role='menu']";

/** The groups that are active now, in order of their appearance. */
export const activeShortcuts = createStore<{ readonly groups: readonly ShortcutGroup[] }>(() => ({
  groups: [],
}));

/** Offer shortcuts while the component is mounted. */
export function useShortcuts(title: string, shortcuts: readonly Shortcut[]): void {
  const newest = useRef(shortcuts);
  newest.current = shortcuts;
  const shape = shortcuts.map(({ keys, label }) => `${keys}\t${label}`).join("\n");
  useEffect(() => {
    if (shape === "") return;
    const group: ShortcutGroup = {
      title,
      shortcuts: shape.split("\n").map((line, index) => {
        const [keys = "", label = ""] = line.split("\t");
        return { keys, label, run: () => newest.current[index]?.run() };
      }),
    };
    activeShortcuts.setState(({ groups }) => ({ groups: [...groups, group] }));
    return () =>
      activeShortcuts.setState(({ groups }) => ({ groups: groups.filter((other) => other !== group) }));
  }, [title, shape]);
}

export interface KeyReader {
  /** The shortcut that this key completes; null when there is none. Calls `preventDefault` when there is. */
  read(event: KeyboardEvent): Shortcut | null;
}

export function createKeyReader(shortcuts: () => readonly Shortcut[]): KeyReader {
  let begun = "";
  let begunAt = Number.NEGATIVE_INFINITY;
  return {
    read(event) {
      if (asksForPalette(event)) {
        event.preventDefault();
        return newestOf(shortcuts(), PALETTE_KEYS);
      }
      if (isTaken(event)) return null;
      const key = event.key === " " ? "Space" : event.key;
      const pending = event.timeStamp - begunAt <= SEQUENCE_MS ? begun : "";
      begun = "";
      const typed = pending ? `${pending} ${key}` : key;
      const found = newestOf(shortcuts(), typed) ?? newestOf(shortcuts(), key);
      if (found) {
        event.preventDefault();
        return found;
      }
      if (shortcuts().some(({ keys }) => keys.startsWith(`${key} `))) {
        begun = key;
        begunAt = event.timeStamp;
      }
      return null;
    },
  };
}

const newestOf = (shortcuts: readonly Shortcut[], keys: string): Shortcut | null =>
  shortcuts.findLast((shortcut) => shortcut.keys === keys) ?? null;

function asksForPalette(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  const modified = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  return modified && event.key.toLowerCase() === "k" && !target?.closest("[role='dialog']");
}

function isTaken(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return false;
  if (target.closest(TEXT_FIELDS) || target.closest("[role='dialog']")) return true;
  if (event.key === " " || event.key === "Enter") return target.closest(PRESSED_BY_SPACE) !== null;
  return event.key.startsWith("Arrow") && target.closest(MOVED_BY_ARROWS) !== null;
}

/** Put the cursor into the first search field on the screen. */
export function focusSearch(): void {
  document.querySelector<HTMLInputElement>("[data-search-shortcut]")?.focus();
}
