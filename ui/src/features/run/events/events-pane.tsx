/**
 * Every record of the run as a table, in order, whatever their number.
 *
 * Choosing a record moves the playhead to it. The list follows the end while the run is watched live, until the
 * reader goes back in it.
 */

import { type UIEvent, useCallback, useEffect, useRef, useState } from "react";
import { count, plural } from "../../../model/display";
import { ALL_EVENTS, type EventFilter } from "../../../stores/address";
import type { EventRow, RunFrame } from "../../../stores/engine";
import { Button } from "../../../widgets/button";
import { EmptyState } from "../../../widgets/empty-state";
import type { PaneProps } from "../pane";
import { PaneAnswer } from "../pane-states";
import { horizonWords } from "../part-note";
import { EventDetailView } from "./event-detail";
import { EventTable } from "./event-table";
import { EventsToolbar } from "./events-toolbar";
import { useEventRows } from "./use-event-rows";
import "./events-pane.css";

interface EventsPaneProps extends PaneProps {
  /** What is shown, when somebody else keeps it. */
  filter?: EventFilter;
  onFilter?: (filter: EventFilter) => void;
}

export function EventsPane({ filter: given, onFilter, ...props }: EventsPaneProps) {
  const { engine, frame, moment, onMoment } = props;
  const [ownFilter, setOwnFilter] = useState(ALL_EVENTS);
  const filter = given ?? ownFilter;
  const setFilter = onFilter ?? setOwnFilter;
  const [following, setFollowing] = useState(moment.kind === "live");
  const [chosen, setChosen] = useState<EventRow | null>(null);
  const window = useEventRows(props, filter);
  useEffect(() => setFollowing(moment.kind === "live"), [moment.kind]);
  const choose = useCallback(
    (row: EventRow) => {
      setChosen(row);
      onMoment({ kind: "sequence", sequence: row.sequence });
    },
    [onMoment],
  );
  const onScroll = useLeavingEnd(() => setFollowing(false));
  const filtered = filter.kinds.length > 0 || filter.node !== null || filter.text !== "";
  const listed = window.answer.value;
  const total = listed === null ? null : listed.total - (listed.unreadAt === null ? 0 : 1);
  return (
    <section className="pane events-pane" aria-label="Events" data-testid="events-pane">
      <EventsToolbar
        engine={engine}
        frame={frame}
        filter={filter}
        onFilter={(next) => {
          setFilter(next);
          setChosen(null);
        }}
        following={following}
        onFollow={setFollowing}
        figure={total === null ? "" : figureText(total, window.upToPlayhead)}
      />
      {frame.horizon !== null && (
        <p className="pane-note" role="status" data-testid="horizon-note">
          {horizonWords(frame.horizon)}.
        </p>
      )}
      <PaneAnswer answer={window.answer} subject="the events" icon="list">
        {(rows) =>
          rows.total === 0 ? (
            <NoEvents frame={frame} filtered={filtered} onClear={() => setFilter(ALL_EVENTS)} />
          ) : (
            <div className="pane__body" onScrollCapture={onScroll}>
              <EventTable
                window={window}
                total={rows.total}
                startedUs={frame.run?.startedUs ?? null}
                chosen={chosen}
                following={following}
                unread={frame.unread}
                onChoose={choose}
              />
            </div>
          )
        }
      </PaneAnswer>
      {chosen !== null && (
        <EventDetailView engine={engine} frame={frame} id={chosen.id} onClose={() => setChosen(null)} />
      )}
    </section>
  );
}

/**
 * Tells when the reader goes back in a list, by whatever means. The list itself only ever scrolls on to its end; it
 * goes back by itself when a filter makes it shorter.
 */
function useLeavingEnd(onLeave: () => void): (event: UIEvent<HTMLElement>) => void {
  const last = useRef({ top: 0, height: 0 });
  return ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    const { scrollTop: top, scrollHeight: height } = target;
    if (top < last.current.top && height >= last.current.height) onLeave();
    last.current = { top, height };
  };
}

function figureText(total: number, upToPlayhead: number | null): string {
  if (upToPlayhead === null || upToPlayhead >= total) return plural(total, "record");
  return `${count(upToPlayhead)} of ${plural(total, "record")}`;
}

interface NoEventsProps {
  frame: RunFrame;
  filtered: boolean;
  onClear: () => void;
}

function NoEvents({ frame, filtered, onClear }: NoEventsProps) {
  if (filtered) {
    return (
      <EmptyState
        icon="search"
        title="No record matches"
        actions={<Button onClick={onClear}>Show all records</Button>}
      >
        The run has {plural(frame.receipt.received, "record")} so far; none is what you filter for.
      </EmptyState>
    );
  }
  const running = frame.run === null || frame.run.status === "running";
  return (
    <EmptyState icon="list" title={running ? "No record yet" : "This run has no records"}>
      {running ? "Records appear here as they arrive." : "None is retained any more, or none was ever sent."}
    </EmptyState>
  );
}
