/**
 * The canvas' camera: it follows the run, shows all of the graph, or stays where the user has put it.
 *
 * Any pan or zoom of the user's takes it over; it follows again when asked. Steps of a run can change sixty times
 * per second, so moves keep a distance in time, and each goes to where the action is by then.
 */

import { useReactFlow, useStore, type Viewport } from "@xyflow/react";
import { useCallback, useEffect, useRef, useState } from "react";
import type { GraphLayout } from "../../../stores/layout";
import { useMediaQuery } from "../../../stores/use-media-query";
import { centredOn, following, inSight, isNear, samePlace, wholeGraph } from "./camera";
import { READABLE_ZOOM, type Size } from "./choose-layout";
import { centreOf } from "./geometry";

export type CameraMode = "follow" | "all" | "free";

export interface Camera {
  readonly mode: CameraMode;
  readonly setMode: (mode: CameraMode) => void;
  /** The view moved, because of this event of the user's or, with null, by itself. */
  readonly moved: (event: Event | null) => void;
  /** The user's hand moves the view by other means. */
  readonly takeOver: () => void;
  /** Bring a node into sight, at a zoom at which it can be read. */
  readonly reveal: (id: string) => void;
}

const DWELL_MS = 1000;
const MOVE_MS = 260;
const REVEAL_ZOOM = 0.8;
const CALM = "(prefers-reduced-motion: reduce)";

export function useCamera(layout: GraphLayout | null, action: readonly string[]): Camera {
  const { setViewport, getViewport } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const calm = useMediaQuery(CALM);
  const [mode, setMode] = useState<CameraMode>("follow");
  const shown = useRef<{ layout: GraphLayout | null; mode: CameraMode }>({ layout: null, mode });
  const movedAt = useRef(Number.NEGATIVE_INFINITY);
  const newest = useRef(action);
  newest.current = action;
  const actionKey = action.join("\n");

  const goal = useRef<Viewport | null>(null);

  const move = useCallback(
    (viewport: Viewport, smooth: boolean) => {
      movedAt.current = performance.now();
      goal.current = viewport;
      void setViewport(viewport, { duration: smooth && !calm ? MOVE_MS : 0 });
    },
    [setViewport, calm],
  );

  /** Where it looks, or is about to: what comes while it is on its way must not leave it half way. */
  const aim = useCallback(
    () => (performance.now() < movedAt.current + MOVE_MS && goal.current) || getViewport(),
    [getViewport],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the nodes of the action
  useEffect(() => {
    if (!layout || width * height === 0) return;
    const pane = { width, height };
    const before = shown.current;
    shown.current = { layout, mode };
    const anew = before.layout !== layout || before.mode !== mode;
    const smooth = before.layout === layout;
    const go = () => {
      const current = aim();
      const next = viewFor(mode, {
        layout,
        before: before.layout,
        action: newest.current,
        pane,
        current,
        anew,
      });
      if (!sameView(next, current)) move(next, smooth && isNear(next, current, pane));
    };
    if (anew) return go();
    const timer = setTimeout(go, Math.max(0, movedAt.current + DWELL_MS - performance.now()));
    return () => clearTimeout(timer);
  }, [layout, width, height, mode, actionKey, move, aim]);

  // A wheel's gesture outlasts its last event, and until it ends moves of our own carry that event again.
  const lastHand = useRef<Event | null>(null);
  const moved = useCallback((event: Event | null) => {
    if (!event || event === lastHand.current) return;
    lastHand.current = event;
    goal.current = null;
    setMode("free");
  }, []);

  const takeOver = useCallback(() => {
    goal.current = null;
    setMode("free");
  }, []);

  const scene = useRef({ layout, width, height });
  scene.current = { layout, width, height };
  const reveal = useCallback(
    (id: string) => {
      const { layout, ...pane } = scene.current;
      const box = layout?.boxes.get(id);
      const current = aim();
      if (!box || (current.zoom >= READABLE_ZOOM && inSight(box, current, pane))) return;
      setMode("free");
      const next = centredOn(centreOf(box), Math.max(current.zoom, REVEAL_ZOOM), pane);
      move(next, isNear(next, current, pane));
    },
    [aim, move],
  );
  return { mode, setMode, moved, takeOver, reveal };
}

interface Scene {
  readonly layout: GraphLayout;
  /** The layout that was shown until now. */
  readonly before: GraphLayout | null;
  readonly action: readonly string[];
  readonly pane: Size;
  readonly current: Viewport;
  /** The layout or the mode is another one, so that what is in sight already counts for nothing. */
  readonly anew: boolean;
}

function viewFor(mode: CameraMode, { layout, before, action, pane, current, anew }: Scene): Viewport {
  if (mode === "all") return wholeGraph(layout, pane);
  if (mode === "follow") return following(layout, action, pane, anew ? null : current);
  return before && before !== layout ? samePlace(before, layout, current, pane) : current;
}

const sameView = (a: Viewport, b: Viewport): boolean =>
  Math.abs(a.x - b.x) < 0.5 && Math.abs(a.y - b.y) < 0.5 && Math.abs(a.zoom - b.zoom) < 0.001;
