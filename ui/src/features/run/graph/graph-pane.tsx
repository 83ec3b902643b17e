/**
 * The graph at the playhead: what was declared and what was observed, with how far it got.
 *
 * The layout follows the topology and the pane's shape alone, so nothing moves while the run does.
 */

import { ReactFlowProvider } from "@xyflow/react";
import { useMemo, useRef, useState } from "react";
import { plural } from "../../../model/display";
import type { GraphNode, GraphView, RunFrame } from "../../../stores/engine";
import { EmptyState } from "../../../widgets/empty-state";
import { momentKey, type PaneProps } from "../pane";
import { PaneAnswer } from "../pane-states";
import { useAnswer } from "../use-answer";
import { actionOf } from "./camera";
import { ExplainCard } from "./explain-card";
import { GraphCanvas } from "./graph-canvas";
import { GraphControls } from "./graph-controls";
import { GraphSearch } from "./graph-search";
import { NO_SCENE, type Scene, sceneOf } from "./scene";
import { useCamera } from "./use-camera";
import { useLayout } from "./use-layout";
import { usePaneSize } from "./use-pane-size";
import "./graph-pane.css";

interface GraphPaneProps extends PaneProps {
  /** The node that is explained, when somebody else keeps it. */
  node?: string | null;
  onNode?: (id: string | null) => void;
}

export function GraphPane({ engine, frame, moment, node, onNode }: GraphPaneProps) {
  const [ownNode, setOwnNode] = useState<string | null>(null);
  const key = `${frame.openId} ${frame.revision} ${momentKey(moment)}`;
  const answer = useAnswer(key, () => engine.graphAt(moment));
  return (
    <section className="pane" aria-label="Graph" data-testid="graph-pane">
      <PaneAnswer answer={answer} subject="the graph" icon="graph">
        {(view) =>
          view.nodes.length === 0 ? (
            <NoGraph frame={frame} />
          ) : (
            <ReactFlowProvider>
              <Graph
                view={view}
                frame={frame}
                selected={node === undefined ? ownNode : node}
                onSelect={onNode ?? setOwnNode}
              />
            </ReactFlowProvider>
          )
        }
      </PaneAnswer>
    </section>
  );
}

function NoGraph({ frame }: { frame: RunFrame }) {
  const ended = frame.run !== null && frame.run.status !== "running";
  return (
    <EmptyState icon="graph" title={ended ? "No node ran" : "No structure yet"}>
      {ended
        ? "The program declared no structure, and no node was observed in this run."
        : "The program has not declared its graph, and no node has started yet. Nodes appear here as they run."}
    </EmptyState>
  );
}

interface GraphProps {
  view: GraphView;
  frame: RunFrame;
  selected: string | null;
  onSelect: (id: string | null) => void;
}

function Graph({ view, frame, selected, onSelect }: GraphProps) {
  const body = useRef<HTMLDivElement>(null);
  const layout = useLayout(view, usePaneSize(body));
  const [search, setSearch] = useState("");
  const found = useMemo(() => findNodes(view, search), [view, search]);
  const before = useRef<Scene>(NO_SCENE);
  const scene = useMemo(() => {
    if (!layout) return NO_SCENE;
    const emphasis = { selected, found: found && new Set(found) };
    before.current = sceneOf(view, layout, emphasis, before.current);
    return before.current;
  }, [view, layout, selected, found]);
  const action = useMemo(() => actionOf(view, selected), [view, selected]);
  const camera = useCamera(layout, action);
  const shown = view.nodes.find(({ id }) => id === selected);
  const show = (id: string) => {
    onSelect(id);
    camera.reveal(id);
  };

  return (
    <>
      <div className="pane__toolbar graph-pane__toolbar">
        <GraphSearch value={search} onValue={setSearch} found={found} onShow={show} />
        <span className="pane__spring" />
        <span className="pane__figure graph-pane__size">{plural(view.nodes.length, "node")}</span>
        <GraphControls camera={camera} />
      </div>
      <Honesty view={view} frame={frame} />
      <div className="pane__body graph-pane__body" ref={body}>
        <div className="graph-pane__canvas">
          <GraphCanvas
            scene={scene}
            camera={camera}
            onExplain={(id) => onSelect(id === selected ? null : id)}
            onClear={() => onSelect(null)}
          />
        </div>
        {shown && (
          <ExplainCard
            node={shown}
            view={view}
            questions={questionsOf(shown, frame)}
            edgesObserved={frame.run?.truthEdges !== "reduced"}
            onShow={show}
            onClose={() => onSelect(null)}
          />
        )}
      </div>
    </>
  );
}

function findNodes(view: GraphView, search: string): readonly string[] | null {
  const text = search.trim().toLowerCase();
  if (text === "") return null;
  return view.nodes
    .filter(({ name, id }) => `${name} ${id}`.toLowerCase().includes(text))
    .map(({ id }) => id);
}

function questionsOf(node: GraphNode, frame: RunFrame): readonly string[] {
  if (node.status !== "interrupted") return [];
  return (frame.run?.interrupts ?? []).filter(({ nodeId }) => nodeId === node.id).map(({ value }) => value);
}

/** What the picture cannot show, in words. */
function Honesty({ view, frame }: { view: GraphView; frame: RunFrame }) {
  const notes = [
    frame.run?.truthEdges === "reduced"
      ? `Which edges were taken was not observed: ${frame.run.truthReason ?? "the producer gives no reason"}`
      : null,
    view.hasSchema ? null : "The program declared no structure; you see only what was observed.",
  ].filter((note) => note !== null);
  return notes.map((note) => (
    <p key={note} className="pane-note" data-testid="graph-note">
      {note}
    </p>
  ));
}
