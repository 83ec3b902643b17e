import { useEffect, useId, useState } from "react";
import type { EventRow, RunFrame } from "../../../stores/engine";
import { VirtualList } from "../../../widgets/virtual-list";
import { unreadWords } from "../part-note";
import { EventRowView } from "./event-row";
import type { EventWindow } from "./use-event-rows";

const ROW_HEIGHT = 26;

interface EventTableProps {
  window: EventWindow;
  total: number;
  startedUs: number | null;
  chosen: EventRow | null;
  following: boolean;
  unread: RunFrame["unread"];
  onChoose: (row: EventRow) => void;
}

export function EventTable({
  window,
  total,
  startedUs,
  chosen,
  following,
  unread,
  onChoose,
}: EventTableProps) {
  const { rowAt, onRange, upToPlayhead, unreadAt } = window;
  const name = useId();
  const rowId = (index: number) => `${name}-${index}`;
  const { active, moveTo } = useCursor(window, chosen, onChoose);
  const playhead = upToPlayhead === null ? null : upToPlayhead - 1;
  return (
    <VirtualList
      label="Records"
      role="grid"
      count={total}
      rowHeight={ROW_HEIGHT}
      active={active ?? (following ? null : playhead)}
      onActive={moveTo}
      onRange={onRange}
      followEnd={following}
      header={<Header />}
      rowId={rowId}
      row={(index) => {
        const row = rowAt(index);
        return row ? (
          <EventRowView
            id={rowId(index)}
            row={row}
            startedUs={startedUs}
            selected={row.id === chosen?.id}
            later={playhead !== null && index > playhead}
            atPlayhead={index === playhead}
            onSelect={onChoose}
          />
        ) : (
          <div className={`event-row event-row--${index === unreadAt ? "unread" : "missing"}`}>
            {index === unreadAt && unread !== null && unreadWords(unread)}
          </div>
        );
      }}
    />
  );
}

function Header() {
  return (
    <div className="event-row event-row--header" aria-hidden="true">
      <span className="numeric">Sequence</span>
      <span className="numeric">Time</span>
      <span>Type</span>
      <span>Node</span>
      <span>Summary</span>
      <span className="numeric">Step</span>
      <span className="numeric">Size</span>
    </div>
  );
}

/**
 * Place of the chosen record in the list. A place that the keyboard jumped to may have no row yet; it is chosen
 * when the row arrives.
 */
function useCursor(
  { answer, rowAt }: EventWindow,
  chosen: EventRow | null,
  onChoose: (row: EventRow) => void,
) {
  const [wanted, setWanted] = useState<number | null>(null);
  const [place, setPlace] = useState<number | null>(null);
  const { value } = answer;
  const found = value?.rows.findIndex((row) => row !== null && row.id === chosen?.id) ?? -1;
  const seen = value && found >= 0 ? value.from + found : null;
  const known = chosen === null ? null : (seen ?? place);
  const arrived = wanted === null ? null : rowAt(wanted);

  useEffect(() => {
    if (seen !== null) setPlace(seen);
  }, [seen]);
  useEffect(() => {
    if (arrived === null) return;
    onChoose(arrived);
    setWanted(null);
  }, [arrived, onChoose]);
  return { active: wanted ?? known, moveTo: setWanted };
}
