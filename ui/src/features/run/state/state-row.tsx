import { memo } from "react";
import { count } from "../../../model/display";
import type { ChangeMark, StateRow } from "../../../stores/engine";
import { Icon } from "../../../widgets/icon";
import "./state-row.css";

const INDENT = 14;

const MARKS: Readonly<Record<ChangeMark, readonly [glyph: string, word: string]>> = {
  added: ["+", "added"],
  removed: ["−", "removed"],
  changed: ["~", "changed"],
};

interface StateRowViewProps {
  id: string;
  row: StateRow;
  selected: boolean;
  onSelect: (row: StateRow) => void;
  onToggle: (row: StateRow) => void;
}

/** One line of the state: mark of change, key, value, and what the value was before. */
export const StateRowView = memo(function StateRowView({
  id,
  row,
  selected,
  onSelect,
  onToggle,
}: StateRowViewProps) {
  const container = row.childCount > 0 && row.change !== "removed";
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus and moves the cursor over its rows
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree handles the keys for all of its rows
    <div
      id={id}
      className="state-row"
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={selected}
      {...(container ? { "aria-expanded": row.expanded } : {})}
      data-testid="state-row"
      data-path={row.path}
      data-change={row.change ?? undefined}
      data-match={row.match || undefined}
      onClick={() => onSelect(row)}
      onDoubleClick={() => container && onToggle(row)}
    >
      <Mark change={row.change} />
      <span className="state-row__indent" style={{ width: row.depth * INDENT }} />
      {container ? (
        <button
          type="button"
          className="state-row__toggle"
          tabIndex={-1}
          aria-label={`${row.expanded ? "Close" : "Open"} ${row.key}`}
          onClick={(event) => {
            event.stopPropagation();
            onToggle(row);
          }}
        >
          <Icon name={row.expanded ? "chevron-down" : "chevron-right"} size={11} />
        </button>
      ) : (
        <span className="state-row__toggle" />
      )}
      <span className="state-row__key">{row.key}</span>
      <Value row={row} />
    </div>
  );
});

function Mark({ change }: { change: ChangeMark | null }) {
  if (change === null) return <span className="state-row__mark" />;
  const [glyph, word] = MARKS[change];
  return (
    <span className={`state-row__mark state-row__mark--${change}`} title={word}>
      <span aria-hidden="true">{glyph}</span>
      <span className="visually-hidden">{word}</span>
    </span>
  );
}

function Value({ row }: { row: StateRow }) {
  const isContainer = row.type === "object" || row.type === "array";
  if (row.change === "removed") {
    return <del className="state-row__before truncate">{row.before ?? row.preview}</del>;
  }
  return (
    <>
      {isContainer && (
        <span className="state-row__count">
          {row.type === "array" ? `[${count(row.childCount)}]` : `{${count(row.childCount)}}`}
        </span>
      )}
      {row.change === "changed" && row.before !== null && (
        <>
          <del className="state-row__before state-row__before--short truncate">{row.before}</del>
          <span className="state-row__arrow">→</span>
        </>
      )}
      {!(isContainer && (row.expanded || row.childCount === 0)) && (
        <span className={`state-row__value state-row__value--${row.type} truncate`}>{row.preview}</span>
      )}
    </>
  );
}
