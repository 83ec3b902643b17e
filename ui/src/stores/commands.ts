/**
 * What the command palette offers: sources that are asked anew for every text that is typed.
 *
 * A screen offers a source while it is shown. Commands are matched by all words of the text, in any order.
 */

import { useEffect, useRef } from "react";
import { createStore } from "zustand/vanilla";

export interface Command {
  /** Unique within its source. */
  readonly id: string;
  readonly title: string;
  /** More to tell it apart by; it is searched too. */
  readonly detail?: string;
  /** The shortcut that does the same. */
  readonly keys?: string;
  readonly run: () => void;
}

export type FindCommands = (
  text: string,
  signal: AbortSignal,
) => readonly Command[] | Promise<readonly Command[]>;

export interface CommandSource {
  readonly title: string;
  readonly find: FindCommands;
}

export const commandSources = createStore<{ readonly sources: readonly CommandSource[] }>(() => ({
  sources: [],
}));

/** Offer commands while the component is mounted; the newest screen's come first. */
export function useCommandSource(title: string, find: FindCommands): void {
  const newest = useRef(find);
  newest.current = find;
  useEffect(() => {
    const source: CommandSource = { title, find: (text, signal) => newest.current(text, signal) };
    commandSources.setState(({ sources }) => ({ sources: [source, ...sources] }));
    return () =>
      commandSources.setState(({ sources }) => ({ sources: sources.filter((other) => other !== source) }));
  }, [title]);
}

/** Commands that have every word of the text, those whose title begins with it first. */
export function matching(commands: readonly Command[], text: string): readonly Command[] {
  const sought = text.trim().toLowerCase();
  const words = sought.split(/\s+/);
  return commands
    .filter(({ title, detail = "" }) => {
      const searched = `${title} ${detail}`.toLowerCase();
      return words.every((word) => searched.includes(word));
    })
    .toSorted((a, b) => Number(beginsWith(b, sought)) - Number(beginsWith(a, sought)));
}

const beginsWith = ({ title }: Command, text: string): boolean => title.toLowerCase().startsWith(text);
