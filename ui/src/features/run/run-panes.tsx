/** The panes of a run: side by side where there is room, else as tabs above the timeline. */

import { type ReactNode, Suspense, useCallback } from "react";
import { useStore } from "zustand";
import { compactCount } from "../../model/display";
import { type EventFilter, RUN_TABS, type RunTab } from "../../stores/address";
import type { RunFrame } from "../../stores/engine";
import type { RunViewStore } from "../../stores/run-view";
import { useMediaQuery } from "../../stores/use-media-query";
import { usePreferences } from "../../stores/use-preferences";
import { chunk } from "../../widgets/chunk";
import { ErrorBoundary } from "../../widgets/error-boundary";
import type { IconName } from "../../widgets/icon";
import { SplitPane } from "../../widgets/split-pane";
import { Tabs } from "../../widgets/tabs";
import { EventsPane } from "./events/events-pane";
import { LlmPane } from "./llm/llm-pane";
import type { PaneProps } from "./pane";
import { StatePane } from "./state/state-pane";
import { TimelinePane } from "./timeline/timeline-pane";
import { ToolsPane } from "./tools/tools-pane";

const [GraphPane, fetchGraphPane] = chunk(() =>
  import("./graph/graph-pane").then((module) => module.GraphPane),
);
void fetchGraphPane();

const WIDE = "(width >= 1000px)";
const LABELS: Record<RunTab, readonly [label: string, icon: IconName]> = {
  graph: ["Graph", "graph"],
  state: ["State", "tree"],
  events: ["Events", "list"],
  llm: ["LLM", "spark"],
  tools: ["Tools", "wrench"],
};

interface RunPanesProps {
  pane: PaneProps;
  step: number;
  view: RunViewStore;
}

export function RunPanes({ pane, step, view }: RunPanesProps) {
  const wide = useMediaQuery(WIDE);
  const [preferences, change] = usePreferences();
  const chosen = useStore(view, ({ tab }) => tab);
  const path = useStore(view, (state) => state.path);
  const node = useStore(view, (state) => state.node);
  const events = useStore(view, (state) => state.events);
  const onNode = useCallback((next: string | null) => view.change({ node: next }), [view]);
  const onFilter = useCallback((next: EventFilter) => view.change({ events: next }), [view]);
  const watches = useStore(view, (state) => state.watches);
  const sought = useStore(view, (state) => state.sought);
  const onSought = useCallback((next: string) => view.change({ sought: next }), [view]);
  const onWatches = useCallback((next: readonly string[]) => view.change({ watches: next }), [view]);
  const onPath = useCallback((next: string) => view.change({ path: next || null }), [view]);
  const tabs = wide ? RUN_TABS.filter((tab) => tab !== "graph") : RUN_TABS;
  const active = tabs.find((tab) => tab === chosen) ?? tabs[0] ?? "state";
  const graph = (
    <ErrorBoundary what="The graph">
      <Suspense fallback={null}>
        <GraphPane {...pane} node={node} onNode={onNode} />
      </Suspense>
    </ErrorBoundary>
  );
  const content: Record<RunTab, () => ReactNode> = {
    graph: () => graph,
    state: () => (
      <StatePane
        {...pane}
        path={path ?? ""}
        onPath={onPath}
        sought={sought}
        onSought={onSought}
        watches={watches}
        onWatches={onWatches}
      />
    ),
    events: () => <EventsPane {...pane} filter={events} onFilter={onFilter} />,
    llm: () => <LlmPane {...pane} />,
    tools: () => <ToolsPane {...pane} />,
  };
  const tabbed = (
    <Tabs
      label="Views of the run"
      active={active}
      onChange={(id) => view.change({ tab: RUN_TABS.find((tab) => tab === id) ?? null })}
      tabs={tabs.map((tab) => ({
        id: tab,
        label: LABELS[tab][0],
        icon: LABELS[tab][1],
        count: countOf(tab, pane.frame),
        content: <ErrorBoundary what={`The pane ${LABELS[tab][0]}`}>{content[tab]()}</ErrorBoundary>,
      }))}
    />
  );
  return (
    <SplitPane
      label="Height of the timeline"
      direction="column"
      share={preferences.upperShare}
      min={0.3}
      max={0.9}
      onShare={(upperShare) => change({ upperShare })}
      first={
        wide ? (
          <SplitPane
            label="Width of the graph"
            direction="row"
            share={preferences.graphShare}
            min={0.2}
            max={0.8}
            onShare={(graphShare) => change({ graphShare })}
            first={<div className="run-panes__graph">{graph}</div>}
            second={<div className="run-panes__tabs">{tabbed}</div>}
          />
        ) : (
          <div className="run-panes__tabs">{tabbed}</div>
        )
      }
      second={
        <ErrorBoundary what="The timeline">
          <TimelinePane {...pane} step={step} />
        </ErrorBoundary>
      }
    />
  );
}

/** How many there are; with a plus while part of the run is unread, because then it is no more than a least number. */
function countOf(tab: RunTab, frame: RunFrame): string | null {
  const number = numberOf(tab, frame);
  return number === null ? null : compactCount(number) + (frame.unread === null ? "" : "+");
}

function numberOf(tab: RunTab, { run, receipt }: RunFrame): number | null {
  switch (tab) {
    case "events":
      return receipt.received;
    case "llm":
      return run?.llmCalls ?? null;
    case "tools":
      return run?.toolCalls ?? null;
    default:
      return null;
  }
}
