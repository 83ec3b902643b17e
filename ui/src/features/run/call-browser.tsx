/**
 * Calls of one kind: the list above, the chosen call below.
 *
 * Without a choice the newest call is shown, so that whoever watches a running program sees what it does now. A
 * choice stays until it is given up with "Follow newest".
 */

import { type ReactNode, useId, useState } from "react";
import { plural } from "../../model/display";
import { Button } from "../../widgets/button";
import { SplitPane } from "../../widgets/split-pane";
import { VirtualList } from "../../widgets/virtual-list";
import "./call-browser.css";

const ROW_HEIGHT = 28;
const LIST_SHARE = 0.3;

interface Call {
  readonly id: string;
}

interface CallBrowserProps<T extends Call> {
  /** What the calls are, as in "LLM call". */
  noun: string;
  /** In order of their start. */
  calls: readonly T[];
  header: ReactNode;
  row: (call: T) => ReactNode;
  detail: (call: T) => ReactNode;
}

export function CallBrowser<T extends Call>({ noun, calls, header, row, detail }: CallBrowserProps<T>) {
  const name = useId();
  const rowId = (index: number) => `${name}-${index}`;
  const [chosen, setChosen] = useState<string | null>(null);
  const [share, setShare] = useState(LIST_SHARE);
  const place = calls.findIndex(({ id }) => id === chosen);
  const following = place < 0;
  const active = following ? calls.length - 1 : place;
  const call = calls[active];
  return (
    <>
      <div className="pane__toolbar">
        <span className="pane__figure">{plural(calls.length, noun)}</span>
        <span className="pane__spring" />
        <Button pressed={following} onClick={() => setChosen(following ? (call?.id ?? null) : null)}>
          Follow newest
        </Button>
      </div>
      <div className="pane__body">
        <SplitPane
          label={`Size of the list of ${noun}s`}
          direction="column"
          share={share}
          onShare={setShare}
          first={
            <VirtualList
              label={`${noun}s`}
              role="listbox"
              count={calls.length}
              rowHeight={ROW_HEIGHT}
              active={active}
              onActive={(index) => setChosen(calls[index]?.id ?? null)}
              header={<div className="call-row call-row--header">{header}</div>}
              rowId={rowId}
              row={(index) => {
                const one = calls[index];
                return (
                  one && (
                    <Row
                      id={rowId(index)}
                      selected={index === active}
                      onSelect={() => setChosen(one.id)}
                      content={row(one)}
                    />
                  )
                );
              }}
            />
          }
          second={call && <div className="call-detail">{detail(call)}</div>}
        />
      </div>
    </>
  );
}

interface RowProps {
  id: string;
  selected: boolean;
  onSelect: () => void;
  content: ReactNode;
}

function Row({ id, selected, onSelect, content }: RowProps) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and moves the cursor over its rows
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys for all of its rows
    <div
      id={id}
      className="call-row"
      role="option"
      aria-selected={selected}
      data-testid="call-row"
      onClick={onSelect}
    >
      {content}
    </div>
  );
}
