import { memo, type ReactNode } from "react";
import { bytes, duration } from "../../../model/display";
import type { EventRow } from "../../../stores/engine";
import { Chip } from "../../../widgets/chip";
import { KIND_LOOKS } from "./event-kinds";

interface EventRowViewProps {
  id: string;
  row: EventRow;
  startedUs: number | null;
  selected: boolean;
  /** It happened after the moment shown. */
  later: boolean;
  /** The last one that the moment shown includes. */
  atPlayhead: boolean;
  onSelect: (row: EventRow) => void;
}

export const EventRowView = memo(function EventRowView(props: EventRowViewProps) {
  const { id, row, startedUs, selected, later, atPlayhead, onSelect } = props;
  const look = KIND_LOOKS[row.kind];
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the table has the focus and moves the cursor over its rows
    // biome-ignore lint/a11y/useKeyWithClickEvents: the table handles the keys for all of its rows
    // biome-ignore lint/a11y/useSemanticElements: rows out of sight do not exist, which a table element cannot say
    <div
      id={id}
      className="event-row"
      role="row"
      aria-selected={selected}
      data-testid="event-row"
      data-record={row.id}
      data-later={later || undefined}
      data-playhead={atPlayhead || undefined}
      onClick={() => onSelect(row)}
    >
      <Cell kind="numeric muted">{row.sequence}</Cell>
      <Cell kind="numeric muted">
        {startedUs === null ? "–" : `+${duration(row.timestampUs - startedUs)}`}
      </Cell>
      <Cell>
        <Chip tone={look.tone} icon={look.icon} quiet>
          {row.type}
        </Chip>
      </Cell>
      <Cell>
        {row.nodeId === null ? "–" : row.attempt > 1 ? `${row.nodeId}, try ${row.attempt}` : row.nodeId}
      </Cell>
      <Cell kind="event-row__summary">{row.summary}</Cell>
      <Cell kind="numeric muted">{row.step ?? "–"}</Cell>
      <Cell kind="numeric muted">{bytes(row.bytes)}</Cell>
    </div>
  );
});

function Cell({ kind = "", children }: { kind?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the table has the focus and moves the cursor over its rows
    // biome-ignore lint/a11y/useSemanticElements: rows out of sight do not exist, which a table element cannot say
    <span role="gridcell" className={`truncate ${kind}`}>
      {children}
    </span>
  );
}
