/** What the command palette offers of the open run: its steps, nodes and views. */

import { count } from "../../model/display";
import { RUN_TABS } from "../../stores/address";
import { type Command, matching, useCommandSource } from "../../stores/commands";
import type { EngineApi, GraphView, RunFrame } from "../../stores/engine";
import type { RunViewStore } from "../../stores/run-view";

const NODES = 20;
const TAB_NAMES = { graph: "Graph", state: "State", events: "Events", llm: "LLM", tools: "Tools" } as const;

export function useRunCommands(engine: EngineApi, frame: RunFrame, view: RunViewStore): void {
  useCommandSource("This run", async (text) => {
    const graph = await engine.graphAt({ kind: "live" });
    const fixed = [...tabCommands(view), ...errorCommands(frame, view), ...nodeCommands(graph, view)];
    return [...stepCommands(text, frame, view), ...matching(fixed, text)].slice(0, NODES);
  });
}

/** A number is a step, whether or not "step" stands before it. */
function stepCommands(text: string, { steps, horizon }: RunFrame, view: RunViewStore): readonly Command[] {
  const typed = /^\s*(?:step\s+)?(\d{1,15})\s*$/i.exec(text)?.[1];
  const step = Number(typed ?? -1);
  if (step < (horizon?.step ?? 0) || step >= steps) return [];
  const run = () => view.change({ moment: { kind: "step", step } });
  return [{ id: "step", title: `Go to step ${count(step)}`, detail: `of ${count(steps - 1)}`, run }];
}

function tabCommands(view: RunViewStore): readonly Command[] {
  return RUN_TABS.map((tab) => ({
    id: `tab ${tab}`,
    title: `Show ${TAB_NAMES[tab]}`,
    run: () => view.change({ tab }),
  }));
}

function errorCommands({ run }: RunFrame, view: RunViewStore): readonly Command[] {
  const newest = run?.errors.at(-1);
  if (!newest || newest.step === null) return [];
  const { step, type, nodeId } = newest;
  return [
    {
      id: "error",
      title: "Go to the newest error",
      detail: `${type}${nodeId ? ` in ${nodeId}` : ""}`,
      run: () => view.change({ moment: { kind: "step", step } }),
    },
  ];
}

function nodeCommands({ nodes }: GraphView, view: RunViewStore): readonly Command[] {
  return nodes
    .filter(({ kind }) => kind !== "start" && kind !== "end")
    .map(({ id, name, status }) => ({
      id: `node ${id}`,
      title: name,
      detail: `node, ${status}`,
      run: () => view.change({ node: id, tab: "graph" }),
    }));
}
