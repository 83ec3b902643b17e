/**
 * The window of the run's records that is in sight, asked for in blocks, and where the playhead stands in it.
 *
 * The list holds the whole run whatever the playhead shows, so that moving the playhead never takes rows away.
 */

import { useCallback, useState } from "react";
import type { EventFilter } from "../../../stores/address";
import type { EventRow, EventRows, Moment } from "../../../stores/engine";
import type { VisibleRange } from "../../../widgets/virtual-list";
import { momentKey, type PaneProps } from "../pane";
import { type Answer, useAnswer } from "../use-answer";

const BLOCK = 100;

export interface EventWindow {
  readonly answer: Answer<EventRows>;
  readonly rowAt: (index: number) => EventRow | null;
  readonly onRange: (range: VisibleRange) => void;
  /** Place in the list of the records that are still unread; null when there is none. */
  readonly unreadAt: number | null;
  /** How many rows of the list happened up to the playhead; null while it is live or not known yet. */
  readonly upToPlayhead: number | null;
}

export function useEventRows({ engine, frame, moment }: PaneProps, filter: EventFilter): EventWindow {
  const [window, setWindow] = useState({ from: 0, count: 2 * BLOCK });
  const about = `${frame.openId} ${frame.revision} ${JSON.stringify(filter)}`;
  const answer = useAnswer(`${about} ${window.from} ${window.count}`, () =>
    engine.eventRows({ moment: null, ...filter, ...window }),
  );
  const playhead = useAnswer(`${about} ${momentKey(moment)}`, () => countUpTo(engine, moment, filter));
  const { value } = answer;
  const rowAt = useCallback((index: number) => value?.rows[index - value.from] ?? null, [value]);
  const onRange = useCallback(({ from, count }: VisibleRange) => {
    const next = {
      from: Math.max(0, (Math.floor(from / BLOCK) - 1) * BLOCK),
      count: (Math.ceil(count / BLOCK) + 2) * BLOCK,
    };
    setWindow((before) => (before.from === next.from && before.count === next.count ? before : next));
  }, []);
  return {
    answer,
    rowAt,
    onRange,
    unreadAt: value?.unreadAt ?? null,
    upToPlayhead: moment.kind === "live" ? null : playhead.value,
  };
}

async function countUpTo(
  engine: PaneProps["engine"],
  moment: Moment,
  filter: EventFilter,
): Promise<number | null> {
  if (moment.kind === "live") return null;
  return (await engine.eventRows({ moment, ...filter, from: 0, count: 0 })).total;
}
