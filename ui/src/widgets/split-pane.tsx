import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import "./split-pane.css";

const KEY_STEP = 0.02;

interface SplitPaneProps {
  label: string;
  direction: "row" | "column";
  /** Share of the first pane, 0 to 1. */
  share: number;
  min?: number;
  max?: number;
  onShare: (share: number) => void;
  first: ReactNode;
  second: ReactNode;
}

/** Two panes and a separator that moves by drag, by arrow keys and by double click (back to the middle). */
export function SplitPane(props: SplitPaneProps) {
  const { label, direction, share, min = 0.15, max = 0.85, onShare, first, second } = props;
  const root = useRef<HTMLDivElement>(null);
  const [dragging, setDragging] = useState(false);
  const bounded = Math.min(max, Math.max(min, share));
  const move = (next: number) => onShare(Math.min(max, Math.max(min, next)));

  const onPointerMove = (event: PointerEvent) => {
    const box = root.current?.getBoundingClientRect();
    if (!dragging || !box) return;
    move(
      direction === "row"
        ? (event.clientX - box.left) / Math.max(1, box.width)
        : (event.clientY - box.top) / Math.max(1, box.height),
    );
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const [back, forward] = direction === "row" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    if (event.key === back) move(bounded - KEY_STEP);
    else if (event.key === forward) move(bounded + KEY_STEP);
    else if (event.key === "Home") move(min);
    else if (event.key === "End") move(max);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div ref={root} className={`split-pane split-pane--${direction}`} data-dragging={dragging || undefined}>
      <div className="split-pane__pane" style={{ flexBasis: `${bounded * 100}%` }}>
        {first}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a focusable separator is a widget; hr cannot hold a value */}
      <div
        className="split-pane__separator"
        role="separator"
        tabIndex={0}
        aria-label={label}
        aria-orientation={direction === "row" ? "vertical" : "horizontal"}
        aria-valuenow={Math.round(bounded * 100)}
        aria-valuemin={Math.round(min * 100)}
        aria-valuemax={Math.round(max * 100)}
        onKeyDown={onKeyDown}
        onDoubleClick={() => move(0.5)}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDragging(true);
        }}
        onPointerMove={onPointerMove}
        onPointerUp={() => setDragging(false)}
        onPointerCancel={() => setDragging(false)}
      />
      <div className="split-pane__pane split-pane__pane--rest">{second}</div>
    </div>
  );
}
