import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import "./virtual-list.css";

const OVERSCAN = 8;

export interface VisibleRange {
  from: number;
  count: number;
}

interface VirtualListProps {
  label: string;
  count: number;
  rowHeight: number;
  role?: "listbox" | "tree" | "grid" | "list";
  /** The row that has the cursor; it is scrolled into view when it changes. */
  active?: number | null;
  onActive?: (index: number) => void;
  onOpen?: (index: number) => void;
  onKey?: (event: KeyboardEvent, index: number) => void;
  onRange?: (range: VisibleRange) => void;
  followEnd?: boolean;
  header?: ReactNode;
  /** Element ids of the rows, so that the cursor is announced. */
  rowId?: (index: number) => string;
  row: (index: number) => ReactNode;
  "data-testid"?: string;
}

/** Any number of rows of one height; only those in sight exist. Arrow keys, page keys and Home/End move the cursor. */
export function VirtualList(props: VirtualListProps) {
  const { label, count, rowHeight, role = "list", active = null, header, row, followEnd, onRange } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    initialRect: { width: 800, height: 600 },
  });
  const items = virtualizer.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const shown = items.length;

  const activeId = active !== null && props.rowId ? props.rowId(active) : undefined;

  useEffect(() => onRange?.({ from, count: shown }), [from, shown, onRange]);
  // Once for each place of the cursor: a list that grows must not take back a reader who has scrolled away.
  const revealed = useRef<number | null>(null);
  useEffect(() => {
    if (active === revealed.current || (active !== null && active >= count)) return;
    revealed.current = active;
    if (active !== null) virtualizer.scrollToIndex(active, { align: "auto" });
  }, [active, count, virtualizer]);
  useEffect(() => {
    if (followEnd && count > 0) virtualizer.scrollToIndex(count - 1, { align: "end" });
  }, [followEnd, count, virtualizer]);

  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const next = nextActive(event.key, active ?? -1, count, page);
    if (next !== null && props.onActive) {
      props.onActive(next);
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && active !== null && props.onOpen) {
      props.onOpen(active);
      event.preventDefault();
    } else if (active !== null) {
      props.onKey?.(event, active);
    }
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the key handler belongs to the list inside
    <div className="virtual-list" onKeyDown={onKeyDown} data-testid={props["data-testid"]}>
      {header && <div className="virtual-list__header">{header}</div>}
      <div
        className="virtual-list__scroller"
        ref={scroller}
        {...{ role, tabIndex: 0, "aria-label": label, "aria-activedescendant": activeId }}
      >
        <div
          className="virtual-list__space"
          role="presentation"
          style={{ height: virtualizer.getTotalSize() }}
        >
          {items.map((item) => (
            <div
              key={item.key}
              className="virtual-list__row"
              role="presentation"
              style={{ height: rowHeight, transform: `translateY(${item.start}px)` }}
            >
              {row(item.index)}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

function nextActive(key: string, active: number, count: number, page: number): number | null {
  const last = count - 1;
  if (last < 0) return null;
  switch (key) {
    case "ArrowDown":
      return Math.min(last, active + 1);
    case "ArrowUp":
      return Math.max(0, active - 1);
    case "PageDown":
      return Math.min(last, active + page);
    case "PageUp":
      return Math.max(0, active - page);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}
