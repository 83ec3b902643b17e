import { type KeyboardEvent, useCallback, useEffect, useId, useRef, useState } from "react";
import type { StateRow } from "../../../stores/engine";
import { VirtualList } from "../../../widgets/virtual-list";
import { parentOf } from "./pointers";
import { StateRowView } from "./state-row";
import type { StateWindow } from "./use-state-rows";

const ROW_HEIGHT = 24;

interface StateTreeProps {
  window: StateWindow;
  selected: string | null;
  onSelect: (path: string) => void;
  onExpand: (path: string, expanded: boolean) => void;
}

/** The tree: up and down move the cursor, right opens or goes in, left closes or goes out, Enter opens or closes. */
export function StateTree({ window, selected, onSelect, onExpand }: StateTreeProps) {
  const { answer, rowAt, onRange } = window;
  const name = useId();
  const rowId = (index: number) => `${name}-${index}`;
  const { active, moveTo } = useCursor(window, selected, onSelect);
  const select = useCallback((row: StateRow) => onSelect(row.path), [onSelect]);
  const toggle = useCallback((row: StateRow) => onExpand(row.path, !row.expanded), [onExpand]);

  const onKey = (event: KeyboardEvent, index: number) => {
    const row = rowAt(index);
    const sideways = event.key === "ArrowRight" || event.key === "ArrowLeft";
    if (!row || !sideways) return;
    event.preventDefault();
    event.stopPropagation();
    const move = event.key === "ArrowRight" ? moveIn(row) : moveOut(row);
    if (move.kind === "expand") onExpand(row.path, move.expanded);
    else if (move.kind === "child") moveTo(index + 1);
    else if (move.kind === "parent") onSelect(move.path);
  };

  return (
    <div className="state-tree" data-testid="state-tree" data-settled={answer.settled}>
      <VirtualList
        label="State"
        role="tree"
        count={answer.value?.total ?? 0}
        rowHeight={ROW_HEIGHT}
        active={active}
        onActive={moveTo}
        onOpen={(index) => {
          const row = rowAt(index);
          if (row && row.childCount > 0) toggle(row);
        }}
        onKey={onKey}
        onRange={onRange}
        rowId={rowId}
        row={(index) => {
          const row = rowAt(index);
          return row ? (
            <StateRowView
              id={rowId(index)}
              row={row}
              selected={row.path === selected}
              onSelect={select}
              onToggle={toggle}
            />
          ) : (
            <div className="state-row state-row--missing" />
          );
        }}
      />
    </div>
  );
}

type SideMove =
  | { readonly kind: "expand"; readonly expanded: boolean }
  | { readonly kind: "child" }
  | { readonly kind: "parent"; readonly path: string }
  | { readonly kind: "none" };

function moveIn(row: StateRow): SideMove {
  if (row.childCount === 0) return { kind: "none" };
  return row.expanded ? { kind: "child" } : { kind: "expand", expanded: true };
}

/** The whole state is always open, so it cannot be closed. */
function moveOut(row: StateRow): SideMove {
  if (row.childCount > 0 && row.expanded && row.path !== "") return { kind: "expand", expanded: false };
  const parent = parentOf(row.path);
  return parent === null ? { kind: "none" } : { kind: "parent", path: parent };
}

interface Cursor {
  readonly active: number | null;
  readonly moveTo: (index: number) => void;
}

/**
 * The cursor's place in the list. What is selected is a path; its place changes as rows above it open and close,
 * and a place that the keyboard jumped to has no path before its rows are here.
 */
function useCursor(
  { answer, rowAt }: StateWindow,
  selected: string | null,
  onSelect: (path: string) => void,
): Cursor {
  const [wanted, setWanted] = useState<number | null>(null);
  const last = useRef<number | null>(null);
  const { value } = answer;
  const found = value?.rows.findIndex(({ path }) => path === selected) ?? -1;
  if (value && found >= 0) last.current = value.from + found;
  if (selected === null) last.current = null;

  const arrived = wanted === null ? null : rowAt(wanted);
  useEffect(() => {
    if (arrived === null) return;
    onSelect(arrived.path);
    setWanted(null);
  }, [arrived, onSelect]);
  return { active: wanted ?? last.current, moveTo: setWanted };
}
