/**
 * The program's state at the playhead: a tree of any size, what changed in it, where each value came from.
 *
 * Only the rows in sight are ever asked of the engine; the whole state leaves it only when it is copied.
 */

import { useCallback, useEffect, useMemo, useState } from "react";
import { bytes, count, plural } from "../../../model/display";
import type { RunFrame, StateRows } from "../../../stores/engine";
import { EmptyState } from "../../../widgets/empty-state";
import type { PaneProps } from "../pane";
import { PaneAnswer } from "../pane-states";
import { ChangeList } from "./change-list";
import { ancestorsOf } from "./pointers";
import { StateToolbar } from "./state-toolbar";
import { StateTree } from "./state-tree";
import { type Compare, useStateRows } from "./use-state-rows";
import { ValueDetail } from "./value-detail";
import { MOST_WATCHES, WatchList } from "./watch-list";
import "./state-pane.css";

interface StatePaneProps extends PaneProps {
  /** JSON pointer of the selected value, when somebody else keeps it; "" selects nothing. */
  path?: string;
  onPath?: (path: string) => void;
  /** What is looked for, when somebody else keeps it. */
  sought?: string;
  onSought?: (text: string) => void;
  /** JSON pointers of the values that stay in sight, when somebody else keeps them. */
  watches?: readonly string[];
  onWatches?: (paths: readonly string[]) => void;
}

const NONE: readonly string[] = [];

export function StatePane(all: StatePaneProps) {
  const { path, onPath, sought, onSought, watches: given, onWatches, ...props } = all;
  const { engine, frame, moment } = props;
  const [ownPath, setOwnPath] = useState("");
  const selected = (path ?? ownPath) || null;
  const select = useCallback((next: string) => (onPath ?? setOwnPath)(next), [onPath]);
  const [ownWatches, setOwnWatches] = useState(NONE);
  const watches = (given ?? ownWatches).slice(0, MOST_WATCHES);
  const setWatches = onWatches ?? setOwnWatches;
  const watch = (target: string, on: boolean) =>
    setWatches([...watches.filter((one) => one !== target), ...(on ? [target] : [])]);
  const [expanded, setExpanded] = useState<readonly string[]>([]);
  const [ownSought, setOwnSought] = useState("");
  const search = sought ?? ownSought;
  const [onlyChanges, setOnlyChanges] = useState(false);
  const [compare, setCompare] = useState<Compare>("previous");
  const [chosenNs, setNs] = useState("");
  const ns = frame.run?.namespaces.includes(chosenNs) ? chosenNs : "";
  const view = useMemo(() => ({ ns, expanded, compare, search }), [ns, expanded, compare, search]);
  const window = useStateRows(props, view);
  // What is selected from elsewhere, as by a link or in the list of changes, is in sight in the tree.
  useEffect(() => {
    if (selected !== null) setExpanded((before) => [...new Set([...before, ...ancestorsOf(selected)])]);
  }, [selected]);
  const expand = useCallback((target: string, open: boolean) => {
    setExpanded((before) => [...before.filter((one) => one !== target), ...(open ? [target] : [])]);
  }, []);
  const wholeState = async () => {
    const text = await engine.valueAt(moment, ns, "");
    if (text === null) throw new Error("there is no state at this moment");
    return text;
  };

  return (
    <section className="pane" aria-label="State" data-testid="state-pane">
      <StateToolbar
        frame={frame}
        rows={window.answer.value}
        search={search}
        onSearch={onSought ?? setOwnSought}
        onlyChanges={onlyChanges}
        onOnlyChanges={setOnlyChanges}
        compare={compare}
        onCompare={setCompare}
        ns={ns}
        onNs={setNs}
        wholeState={wholeState}
      />
      <WatchList
        {...props}
        ns={ns}
        watches={watches}
        onSelect={select}
        onUnwatch={(target) => watch(target, false)}
      />
      <PaneAnswer answer={window.answer} subject="the state" icon="tree">
        {(rows) => (
          <>
            <Caption rows={rows} searching={search !== ""} />
            <div className="pane__body">
              {rows.verification === "none" && rows.total === 0 ? (
                <NoState frame={frame} problem={rows.problem} />
              ) : onlyChanges ? (
                <ChangeList {...props} ns={ns} compare={compare} selected={selected} onSelect={select} />
              ) : (
                <StateTree window={window} selected={selected} onSelect={select} onExpand={expand} />
              )}
            </div>
            {selected !== null && (
              <ValueDetail
                {...props}
                key={selected}
                ns={ns}
                path={selected}
                compare={compare}
                step={rows.step}
                watched={watches.includes(selected)}
                onWatch={watches.length < MOST_WATCHES || watches.includes(selected) ? watch : null}
                onClose={() => select("")}
              />
            )}
          </>
        )}
      </PaneAnswer>
    </section>
  );
}

/** Which state this is, and whatever stands against relying on it. */
function Caption({ rows, searching }: { rows: StateRows; searching: boolean }) {
  return (
    <>
      <p className="state-caption">
        <span>{stepWords(rows)}</span>
        {rows.superstep !== null && (
          <span title="The number that the program itself gives this superstep">
            superstep {rows.superstep}
          </span>
        )}
        {rows.bytes > 0 && <span>{bytes(rows.bytes)}</span>}
        {searching && <span role="status">{plural(rows.matches, "match", "matches")}</span>}
      </p>
      {rows.problem !== null && rows.total > 0 && (
        <p className="pane-note pane-note--error" role="alert">
          {rows.problem}
        </p>
      )}
    </>
  );
}

/** A state may be known before the number of its step is. */
function stepWords({ step, total }: StateRows): string {
  if (step !== null) return `Step ${count(step)}`;
  return total > 0 ? "A step without a number yet" : "No step";
}

function NoState({ frame, problem }: { frame: RunFrame; problem: string | null }) {
  const running = frame.run === null || frame.run.status === "running";
  const title =
    frame.steps > 0 ? "No state at this moment" : running ? "No state yet" : "This run recorded no state";
  const reason =
    frame.steps > 0
      ? "The playhead stands before the first step. Move it forward to see the state."
      : running
        ? "The state appears with the first step of the program."
        : "No step of this run carried a state.";
  return (
    <EmptyState icon="tree" title={title}>
      {problem ?? reason}
    </EmptyState>
  );
}
