/**
 * The window of the state tree's rows that is in sight, asked for in blocks.
 *
 * Scrolling within a block asks nothing; only rows near those in sight ever leave the engine.
 */

import { useCallback, useMemo, useState } from "react";
import type { Moment, StateQuery, StateRow, StateRows } from "../../../stores/engine";
import type { VisibleRange } from "../../../widgets/virtual-list";
import { momentKey, type PaneProps } from "../pane";
import { type Answer, useAnswer } from "../use-answer";

const BLOCK = 64;

export type Compare = Moment | "previous";

export interface StateView {
  readonly ns: string;
  readonly expanded: readonly string[];
  readonly compare: Compare;
  readonly search: string;
}

export interface StateWindow {
  readonly answer: Answer<StateRows>;
  /** The row at a place of the whole list; null while it is not here. */
  readonly rowAt: (index: number) => StateRow | null;
  readonly onRange: (range: VisibleRange) => void;
}

export function useStateRows({ engine, frame, moment }: PaneProps, view: StateView): StateWindow {
  const [window, setWindow] = useState({ from: 0, count: 3 * BLOCK });
  const query: StateQuery = useMemo(
    () => ({
      moment,
      ns: view.ns,
      expanded: view.expanded,
      ...window,
      compare: view.compare,
      ...(view.search === "" ? {} : { search: view.search }),
    }),
    [moment, view, window],
  );
  const answer = useAnswer(`${frame.openId} ${frame.revision} ${queryKey(query)}`, () =>
    engine.stateRows(query),
  );
  const { value } = answer;
  const rowAt = useCallback((index: number) => value?.rows[index - value.from] ?? null, [value]);
  const onRange = useCallback(({ from, count }: VisibleRange) => {
    const next = {
      from: Math.max(0, (Math.floor(from / BLOCK) - 1) * BLOCK),
      count: (Math.ceil(count / BLOCK) + 2) * BLOCK,
    };
    setWindow((before) => (before.from === next.from && before.count === next.count ? before : next));
  }, []);
  return { answer, rowAt, onRange };
}

function queryKey({ moment, compare, ...rest }: StateQuery): string {
  const against = compare === null || compare === "previous" ? compare : momentKey(compare);
  return JSON.stringify({ ...rest, against, at: momentKey(moment) });
}
