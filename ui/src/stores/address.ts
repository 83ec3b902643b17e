/**
 * What the address says, and how it is written: filters of the list of runs, the moment, tab and path of a run.
 *
 * The same view gives the same address and the address gives the view back. What is not understood is ignored.
 */

import type { Moment, RunStatus } from "./engine";

export const RUN_STATUSES = [
  "running",
  "interrupted",
  "error",
  "ok",
  "cancelled",
  "recursion_limit",
  "timed_out",
  "closed",
] as const satisfies readonly RunStatus[];

export const RUN_TABS = ["graph", "state", "events", "llm", "tools"] as const;
export type RunTab = (typeof RUN_TABS)[number];

export interface RunFilters {
  readonly status: RunStatus | null;
  readonly graph: string;
  readonly text: string;
}

export interface RunView {
  readonly moment: Moment;
  /** Null is the tab that the layout shows first. */
  readonly tab: RunTab | null;
  /** JSON pointer of the selected place in the state; null when none is. */
  readonly path: string | null;
  /** Id of the node that is explained; null when none is. */
  readonly node: string | null;
  readonly events: EventFilter;
  /** What is looked for in the state. */
  readonly sought: string;
  /** JSON pointers of values that stay in sight. */
  readonly watches: readonly string[];
}

/** Which records the table of events shows; everything while it is `ALL_EVENTS`. */
export interface EventFilter {
  /** Kinds or event types; empty means all. */
  readonly kinds: readonly string[];
  readonly node: string | null;
  readonly text: string;
}

export const ALL_EVENTS: EventFilter = { kinds: [], node: null, text: "" };

const NUMBER = /^\d{1,15}$/;
const SEQUENCE = /^\d{1,19}$/;

export function readFilters(search: string): RunFilters {
  const parameters = new URLSearchParams(search);
  const status = parameters.get("status");
  return {
    status: RUN_STATUSES.find((candidate) => candidate === status) ?? null,
    graph: parameters.get("graph") ?? "",
    text: parameters.get("q") ?? "",
  };
}

export function writeFilters({ status, graph, text }: RunFilters): string {
  return searchOf([
    ["status", status],
    ["graph", graph || null],
    ["q", text || null],
  ]);
}

export function readRunView(search: string): RunView {
  const parameters = new URLSearchParams(search);
  const tab = parameters.get("tab");
  return {
    moment: readMoment(parameters.get("step"), parameters.get("seq")),
    tab: RUN_TABS.find((candidate) => candidate === tab) ?? null,
    path: parameters.get("path"),
    node: parameters.get("node"),
    events: {
      kinds: parameters.getAll("kind"),
      node: parameters.get("on"),
      text: parameters.get("q") ?? "",
    },
    sought: parameters.get("find") ?? "",
    watches: parameters.getAll("watch"),
  };
}

export function writeRunView({ moment, tab, path, node, events, sought, watches }: RunView): string {
  return searchOf([
    ["step", moment.kind === "step" ? String(moment.step) : null],
    ["seq", moment.kind === "sequence" ? moment.sequence : null],
    ["tab", tab],
    ["path", path],
    ["node", node],
    ...events.kinds.map((kind) => ["kind", kind] as const),
    ["on", events.node],
    ["q", events.text || null],
    ["find", sought || null],
    ...watches.map((path) => ["watch", path] as const),
  ]);
}

/** Address of what is shown, at a fixed step or record, so that it shows the same later and to others; -1 is no step yet. */
export function runLink(runId: string, view: RunView, step: number): string {
  const isRecord = view.moment.kind === "sequence";
  const moment: Moment = isRecord || step < 0 ? view.moment : { kind: "step", step };
  return runAddress(runId) + writeRunView({ ...view, moment });
}

export const runAddress = (runId: string): string => `/runs/${encodeURIComponent(runId)}`;

/** The run that this is the address of; null when it is that of anything else. */
export function runOfAddress(pathname: string): string | null {
  const written = /^\/runs\/([^/]+)\/?$/.exec(pathname)?.[1];
  try {
    return written === undefined ? null : decodeURIComponent(written);
  } catch {
    return null;
  }
}

/** Address of a run at one of its records. */
export const momentAddress = (runId: string, sequence: string): string =>
  runAddress(runId) + searchOf([["seq", sequence]]);

/** Address of two runs side by side; an empty id is yet to be chosen. */
export const compareAddress = (left: string, right: string): string =>
  `/compare${searchOf([
    ["left", left || null],
    ["right", right || null],
  ])}`;

function readMoment(step: string | null, sequence: string | null): Moment {
  if (step !== null && NUMBER.test(step)) return { kind: "step", step: Number(step) };
  if (sequence !== null && SEQUENCE.test(sequence)) return { kind: "sequence", sequence };
  return { kind: "live" };
}

function searchOf(entries: readonly (readonly [name: string, value: string | null])[]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of entries) if (value !== null) parameters.append(name, value);
  const text = parameters.toString();
  return text ? `?${text}` : "";
}
