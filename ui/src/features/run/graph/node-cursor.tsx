/**
 * The nodes of a large graph for the keyboard and for who listens: a list whose cursor lies on the picture. Only the
 * node at the cursor is an element, so that a list of any length costs nothing.
 */

import { type KeyboardEvent, useContext, useId, useState } from "react";
import { NodeActionsContext, wordsFor } from "./graph-node";
import type { SceneNode } from "./scene";

const PAGE = 10;

export function NodeCursor({ nodes }: { nodes: readonly SceneNode[] }) {
  const { onExplain, onReveal } = useContext(NodeActionsContext);
  const option = useId();
  const [cursor, setCursor] = useState<string | null>(null);
  const selected = nodes.find((item) => item.selected);
  // The keyboard goes on from what was selected last, by whatever means.
  const [seen, setSeen] = useState(selected?.id);
  if (selected?.id !== seen) {
    setSeen(selected?.id);
    if (selected) setCursor(selected.id);
  }
  const at = Math.max(
    0,
    nodes.findIndex(({ id }) => id === cursor),
  );
  const item = nodes[at];
  if (!item) return null;

  const onKeyDown = (event: KeyboardEvent) => {
    const next = nodes[cursorAfter(event.key, at, nodes.length) ?? -1];
    const presses = event.key === "Enter" || event.key === " ";
    if (!next && !presses) return;
    event.preventDefault();
    event.stopPropagation();
    if (next) {
      setCursor(next.id);
      onReveal(next.id);
    } else onExplain(item.id);
  };
  const { x, y, width, height } = item.box;
  return (
    <div
      className="node-cursor"
      role="listbox"
      tabIndex={0}
      aria-label="Nodes"
      aria-activedescendant={option}
      onKeyDown={onKeyDown}
      onFocus={(event) => event.currentTarget.matches(":focus-visible") && onReveal(item.id)}
      style={{ left: x, top: y, width, height }}
      data-testid="node-cursor"
    >
      <div
        id={option}
        className="node-cursor__option"
        role="option"
        tabIndex={-1}
        aria-selected={item.selected}
        aria-posinset={at + 1}
        aria-setsize={nodes.length}
        data-testid="graph-node"
        data-node-id={item.id}
        data-status={item.node.status}
      >
        <span className="visually-hidden">{wordsFor(item)}</span>
      </div>
    </div>
  );
}

/** Where a key moves the cursor; null when it means something else. */
export function cursorAfter(key: string, at: number, count: number): number | null {
  const to = {
    ArrowDown: at + 1,
    ArrowRight: at + 1,
    ArrowUp: at - 1,
    ArrowLeft: at - 1,
    PageDown: at + PAGE,
    PageUp: at - PAGE,
    Home: 0,
    End: count - 1,
  }[key];
  return to === undefined ? null : Math.min(count - 1, Math.max(0, to));
}
