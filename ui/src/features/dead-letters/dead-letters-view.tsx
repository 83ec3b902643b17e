import { useCallback } from "react";
import { bytes, count, fullInstant, instant, plural } from "../../model/display";
import type { DeadLetter, LettersAnswer, Redrive } from "../../stores/operations-api";
import { Button } from "../../widgets/button";
import { Chip } from "../../widgets/chip";
import { EmptyState } from "../../widgets/empty-state";
import { VirtualList } from "../../widgets/virtual-list";
import { LetterDetail } from "./letter-detail";
import { letterState, reasonWords } from "./letter-words";
import "../gateway/gateway.css";
import "./dead-letters.css";

const ROW_PX = 36;

export interface DeadLettersViewProps {
  answer: LettersAnswer;
  filtered: boolean;
  chosenId: string | null;
  /** The chosen letter; null while it is not known. */
  chosen: DeadLetter | null;
  chosenFailure: string | null;
  nowMs: number;
  onChoose: (id: string | null) => void;
  onClear: () => void;
  onLoadMore: () => void;
  onRedrive: (id: string) => Promise<Redrive>;
}

export function DeadLettersView(props: DeadLettersViewProps) {
  const { answer, filtered, chosenId, onChoose, onClear, onLoadMore } = props;
  if (answer.letters.length === 0 && chosenId === null) {
    return filtered ? (
      <EmptyState
        icon="search"
        title="No dead letter has this reason"
        actions={<Button onClick={onClear}>Show all reasons</Button>}
      />
    ) : (
      <EmptyState icon="check" title="No dead letters">
        Every new record could be processed. One that cannot be appears here, with its place, its reason and
        what mends it.
      </EmptyState>
    );
  }
  return (
    <div className="letters">
      <div className="letters__list">
        <LetterList {...props} />
        <footer className="screen__foot" role="status">
          <span>
            {plural(answer.letters.length, "letter")}
            {answer.next === null ? "" : ` of ${count(answer.known)}, the newest`}
          </span>
          {answer.next !== null && (
            <Button variant="ghost" onClick={onLoadMore}>
              Load more
            </Button>
          )}
        </footer>
      </div>
      {chosenId !== null && (
        <LetterDetail
          key={chosenId}
          letter={props.chosen}
          failure={props.chosenFailure}
          nowMs={props.nowMs}
          onClose={() => onChoose(null)}
          onRedrive={() => props.onRedrive(chosenId)}
        />
      )}
    </div>
  );
}

function LetterList({ answer: { letters }, chosenId, nowMs, onChoose }: DeadLettersViewProps) {
  const active = letters.findIndex(({ id }) => id === chosenId);
  const choose = useCallback((index: number) => onChoose(letters[index]?.id ?? null), [letters, onChoose]);
  return (
    <VirtualList
      label="Dead letters, newest first"
      role="listbox"
      count={letters.length}
      rowHeight={ROW_PX}
      active={active < 0 ? null : active}
      onActive={choose}
      onOpen={choose}
      rowId={rowId}
      header={
        <div className="letter-row letter-row--header" aria-hidden="true">
          <span>Reason</span>
          <span>Place</span>
          <span className="letter-row__thread">Thread</span>
          <span className="numeric letter-row__size">Size</span>
          <span>Written</span>
          <span className="letter-row__state">State</span>
        </div>
      }
      row={(index) => {
        const letter = letters[index];
        return (
          letter && (
            <LetterRow
              id={rowId(index)}
              letter={letter}
              selected={letter.id === chosenId}
              nowMs={nowMs}
              onChoose={() => onChoose(letter.id)}
            />
          )
        );
      }}
    />
  );
}

const rowId = (index: number): string => `letter-row-${index}`;

interface LetterRowProps {
  id: string;
  letter: DeadLetter;
  selected: boolean;
  nowMs: number;
  onChoose: () => void;
}

function LetterRow({ id, letter, selected, nowMs, onChoose }: LetterRowProps) {
  const [tone, state] = letterState(letter);
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and moves the cursor over its rows
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys for all of its rows
    <div
      id={id}
      className="letter-row"
      role="option"
      aria-selected={selected}
      data-testid="letter-row"
      data-letter-id={letter.id}
      onClick={onChoose}
    >
      <span className="truncate">{reasonWords(letter.reason).label}</span>
      <span className="mono truncate" title={letter.id}>
        {letter.partition} @ {letter.offset}
      </span>
      <span className="letter-row__thread mono truncate" title={letter.threadId}>
        {letter.threadId || "–"}
      </span>
      <span className="numeric letter-row__size">{bytes(letter.size)}</span>
      <time className="truncate" title={fullInstant(letter.atUs)}>
        {instant(letter.atUs, nowMs)}
      </time>
      <span className="letter-row__state">
        <Chip tone={tone} quiet dot>
          {state}
        </Chip>
      </span>
    </div>
  );
}
