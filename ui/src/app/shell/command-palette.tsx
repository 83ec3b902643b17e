/** One field to go anywhere and do anything: runs, nodes, steps, screens, actions. */

import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { type Command, type CommandSource, commandSources } from "../../stores/commands";
import { Dialog } from "../../widgets/dialog";
import { Icon } from "../../widgets/icon";
import { Kbd } from "../../widgets/kbd";
import { shownKeys } from "./shown-keys";
import "./command-palette.css";

interface Found {
  readonly title: string;
  readonly commands: readonly Command[];
  /** Why this source could not answer. */
  readonly failure: string | null;
}

export function CommandPalette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const found = useFound(text);
  const commands = found.flatMap((group) => group.commands);
  const current = Math.min(active, commands.length - 1);
  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined && commands.length > 0)
      setActive((current + move + commands.length) % commands.length);
    else if (event.key === "Enter") run(commands[current]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Go to, or do" open onClose={onClose}>
      <div className="field field--search palette__field">
        <Icon name="search" />
        <input
          className="field__input"
          role="combobox"
          aria-label="Go to, or do"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={current >= 0 ? optionId(current) : undefined}
          placeholder="A run, a node, a step, a screen, an action"
          value={text}
          data-autofocus=""
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => {
            setText(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <Results found={found} current={current} onRun={run} />
      {commands.length === 0 && found.length > 0 && (
        <p className="muted palette__none" role="status">
          Nothing is called that.
        </p>
      )}
    </Dialog>
  );
}

interface ResultsProps {
  found: readonly Found[];
  current: number;
  onRun: (command: Command) => void;
}

function Results({ found, current, onRun }: ResultsProps) {
  let place = 0;
  return (
    <div id="palette-list" className="palette" role="listbox" aria-label="Commands" tabIndex={-1}>
      {found.map(({ title, commands, failure }) =>
        commands.length === 0 && failure === null ? null : (
          // biome-ignore lint/a11y/useSemanticElements: groups of options have no element of their own
          <div key={title} role="group" aria-label={title} className="palette__group">
            <p className="palette__title" aria-hidden="true">
              {title}
            </p>
            {failure !== null && <p className="muted palette__failure">{failure}</p>}
            {commands.map((command) => {
              const index = place++;
              return (
                <Option
                  key={command.id}
                  id={optionId(index)}
                  command={command}
                  selected={index === current}
                  onRun={() => onRun(command)}
                />
              );
            })}
          </div>
        ),
      )}
    </div>
  );
}

const optionId = (index: number): string => `palette-option-${index}`;

interface OptionProps {
  id: string;
  command: Command;
  selected: boolean;
  onRun: () => void;
}

function Option({ id, command: { title, detail, keys }, selected, onRun }: OptionProps) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (selected) element.current?.scrollIntoView?.({ block: "nearest" });
  }, [selected]);
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the field has the focus and moves through the options
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys for all options
    <div
      ref={element}
      id={id}
      role="option"
      aria-selected={selected}
      className="palette__option"
      onClick={onRun}
    >
      <span className="truncate">{title}</span>
      {detail && <span className="palette__detail truncate">{detail}</span>}
      {keys && <Kbd keys={shownKeys(keys)} />}
    </div>
  );
}

/** What all sources find for a text; what an older text found is shown until then. */
function useFound(text: string): readonly Found[] {
  const { sources } = useStore(commandSources);
  const [found, setFound] = useState<readonly Found[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    void Promise.all(sources.map((source) => ask(source, text, stop.signal))).then((answers) => {
      if (!stop.signal.aborted) setFound(answers);
    });
    return () => stop.abort();
  }, [sources, text]);
  return found;
}

async function ask({ title, find }: CommandSource, text: string, signal: AbortSignal): Promise<Found> {
  try {
    return { title, commands: await find(text, signal), failure: null };
  } catch (error) {
    return { title, commands: [], failure: error instanceof Error ? error.message : String(error) };
  }
}
