/** The timeline: the playhead that all panes follow, how to move it, and the waterfall of what ran when. */

import { useCallback, useMemo, useRef, useState } from "react";
import { type CriticalPath, criticalPath } from "../../../model/critical-path";
import { count, duration, plural } from "../../../model/display";
import type { Marker, Moment, TimelineStep, TimelineView } from "../../../stores/engine";
import { useShortcuts } from "../../../stores/keyboard";
import { usePreferences } from "../../../stores/use-preferences";
import { Button, IconButton } from "../../../widgets/button";
import type { PaneProps } from "../pane";
import { markerStep } from "./marker-jump";
import { usePlayback } from "./playback";
import { Playhead } from "./playhead";
import { createStepAxis, type StepAxis } from "./step-axis";
import { createTimeScale, type TimeScale } from "./time-scale";
import { Transport } from "./transport";
import { type UsWindow, useTimeline } from "./use-timeline";
import { isWhole, reveal, type Viewport, WHOLE, zoom } from "./viewport";
import { Waterfall } from "./waterfall";
import "./timeline.css";

const EMPTY: TimelineView = {
  startUs: 0,
  endUs: 0,
  lanes: 0,
  steps: [],
  spans: [],
  totalSpans: 0,
  totalSteps: 0,
  firstStep: 0,
  unread: null,
};
const CLOSER = 0.5;

interface TimelinePaneProps extends PaneProps {
  /** The step that the moment falls into; -1 when there is none. */
  step: number;
}

export function TimelinePane({ engine, frame, moment, onMoment, step }: TimelinePaneProps) {
  const [chosen, setViewport] = useState<Viewport>(WHOLE);
  const [usWindow, setUsWindow] = useState<UsWindow | null>(null);
  const { whole, detail } = useTimeline(engine, frame, usWindow);
  const view = whole ?? EMPTY;
  const scale = useMemo(() => createTimeScale(view.startUs, view.endUs, busyOf(view)), [view]);
  const first = frame.horizon?.step ?? 0;
  const last = frame.steps - 1;
  const axis = useMemo(() => axisOf(view, scale), [view, scale]);
  const isComplete = isWholeRun(frame, view);
  const markers = useSame(frame.markers, markersKey(frame.markers));
  const head = axis.xOf(step);
  const viewport = useMemo(
    () => (moment.kind === "live" ? chosen : reveal(chosen, head)),
    [moment.kind, chosen, head],
  );
  const look = useCallback(
    (next: Viewport) => {
      setViewport(next);
      setUsWindow(isWhole(next) ? null : { fromUs: scale.toUs(next.from), toUs: scale.toUs(next.to) });
    },
    [scale],
  );
  const [criticalShown, setCriticalShown] = useState(false);
  const critical = useMemo(
    () => (criticalShown && isComplete ? criticalPath(view.spans, view.endUs) : null),
    [criticalShown, isComplete, view],
  );
  const emphasis = useMemo(() => critical && new Set(critical.ids), [critical]);
  const transport = useTransport({ frame, moment, onMoment, step, first, last });

  return (
    <section className="timeline" aria-label="Timeline">
      <div className="timeline__bar">
        <Transport {...transport} step={step} first={first} last={last} />
        <StepWords
          step={step}
          last={last}
          steps={view.steps}
          startUs={frame.run?.startedUs ?? view.startUs}
        />
        <div className="timeline__zoom">
          <CriticalPathButton
            view={view}
            isComplete={isComplete}
            critical={critical}
            onPressed={setCriticalShown}
          />
          {view.totalSpans > view.spans.length && isWhole(viewport) && (
            <span className="muted timeline__note">
              The longest {count(view.spans.length)} of {count(view.totalSpans)} spans; come closer to see all
            </span>
          )}
          <IconButton
            icon="minus"
            label="Show more time"
            onClick={() => look(zoom(viewport, 1 / CLOSER, head))}
          />
          <IconButton icon="plus" label="Come closer" onClick={() => look(zoom(viewport, CLOSER, head))} />
          <IconButton
            icon="fit"
            label="Show the whole run"
            disabled={isWhole(viewport)}
            onClick={() => look(WHOLE)}
          />
        </div>
      </div>
      <Playhead
        first={first}
        last={last}
        axis={axis}
        scale={scale}
        viewport={viewport}
        markers={markers}
        step={step}
        live={moment.kind === "live"}
        onStep={transport.onStep}
      />
      <Waterfall
        view={detail ?? view}
        scale={scale}
        axis={axis}
        viewport={viewport}
        step={step}
        emphasis={emphasis}
        onViewport={look}
        onStep={transport.onStep}
      />
    </section>
  );
}

const axisOf = ({ steps, firstStep, totalSteps }: TimelineView, scale: TimeScale): StepAxis =>
  createStepAxis(steps, firstStep + totalSteps - 1, scale, firstStep);

const isWholeRun = ({ horizon }: PaneProps["frame"], { spans, totalSpans }: TimelineView): boolean =>
  horizon === null && totalSpans > 0 && totalSpans === spans.length;

interface CriticalPathButtonProps {
  view: TimelineView;
  /** Every span of the run is in the view. */
  isComplete: boolean;
  /** Null while it is not shown. */
  critical: CriticalPath | null;
  onPressed: (pressed: boolean) => void;
}

/** Fades all that did not decide how long the run took. Not offered where spans are left out: one of them might have. */
function CriticalPathButton({ view, isComplete, critical, onPressed }: CriticalPathButtonProps) {
  return (
    <>
      {critical && (
        <span className="muted timeline__note" role="status">
          {plural(critical.ids.length, "node")} in {duration(critical.busyUs)} of{" "}
          {duration(view.endUs - view.startUs)}
        </span>
      )}
      <Button
        pressed={critical !== null}
        disabled={!isComplete}
        title="The nodes that decided how long the run took"
        onClick={() => onPressed(critical === null)}
      >
        Critical path
      </Button>
    </>
  );
}

/** The value as it was, as long as the key is the same: answers of the engine are new objects every time. */
function useSame<T>(value: T, key: string): T {
  const kept = useRef({ key, value });
  if (kept.current.key !== key) kept.current = { key, value };
  return kept.current.value;
}

const markersKey = (markers: readonly Marker[]): string =>
  markers.map(({ kind, sequence }) => `${kind}${sequence}`).join();

/** When something ran, or may have. Where spans are left out nothing is known to be idle, so nothing is folded. */
function busyOf(view: TimelineView) {
  const { unread } = view;
  const unknown = unread === null ? [] : [{ startUs: unread.fromUs, endUs: unread.toUs }];
  if (view.totalSpans > view.spans.length) return [{ startUs: view.startUs, endUs: view.endUs }];
  return [
    ...view.spans.map((span) => ({ startUs: span.startUs, endUs: span.endUs ?? view.endUs })),
    ...unknown,
  ];
}

interface TransportInput {
  readonly frame: PaneProps["frame"];
  readonly moment: Moment;
  readonly onMoment: (moment: Moment) => void;
  readonly step: number;
  readonly first: number;
  readonly last: number;
}

function useTransport({ frame, moment, onMoment, step, first, last }: TransportInput) {
  const [{ speed }, change] = usePreferences();
  const [playing, setPlaying] = useState(false);
  const live = moment.kind === "live";
  const running = frame.run?.status === "running";

  const newestLast = useRef(last);
  newestLast.current = last;
  const onStep = useCallback(
    (target: number) => {
      const end = newestLast.current;
      if (end >= 0) onMoment({ kind: "step", step: Math.min(end, Math.max(first, target)) });
    },
    [onMoment, first],
  );
  const onLive = () => {
    setPlaying(false);
    onMoment({ kind: "live" });
  };
  const onPlay = () => {
    if (last < 0) return;
    if (live && running) onStep(last);
    else if (!playing && step >= last) onStep(first);
    setPlaying(!playing && !(live && running));
  };
  const onMarker = (direction: -1 | 1) => {
    const target = markerStep(frame.markers, step, direction);
    if (target !== null) onStep(target);
  };
  usePlayback({ playing, speed, step, last, running, onMoment, onStop: () => setPlaying(false) });
  useShortcuts("Timeline", [
    { keys: "Space", label: "Play or pause", run: onPlay },
    { keys: "ArrowLeft", label: "Previous step", run: () => onStep(step - 1) },
    { keys: "ArrowRight", label: "Next step", run: () => onStep(step + 1) },
    { keys: "[", label: "Previous error, interrupt or gap", run: () => onMarker(-1) },
    { keys: "]", label: "Next error, interrupt or gap", run: () => onMarker(1) },
    { keys: "l", label: "Follow live", run: onLive },
  ]);
  return {
    live,
    running,
    playing: playing || (live && running),
    speed,
    onStep,
    onLive,
    onPlay,
    onMarker,
    onSpeed: (next: number) => change({ speed: next }),
    hasMarker: (direction: -1 | 1) => markerStep(frame.markers, step, direction) !== null,
  };
}

interface StepWordsProps {
  step: number;
  last: number;
  steps: readonly TimelineStep[];
  startUs: number;
}

function StepWords({ step, last, steps, startUs }: StepWordsProps) {
  if (last < 0) return <span className="timeline__words muted">No step yet</span>;
  const known = steps[step]?.step === step ? steps[step] : steps.find((candidate) => candidate.step === step);
  return (
    <span className="timeline__words truncate">
      Step <strong>{count(step)}</strong> of {count(last)}
      {known && (
        <span className="muted">
          {known.nodes.length > 0 &&
            ` · ${known.nodes.slice(0, 3).join(", ")}${known.nodes.length > 3 ? "…" : ""}`}
          {` · +${duration(known.endUs - startUs)} · took ${duration(known.endUs - known.startUs)}`}
        </span>
      )}
    </span>
  );
}
