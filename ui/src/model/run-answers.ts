/** Answers about one run at any moment: the questions of the page's engine seam, without promises. */

import { type JsonValue, stringifyJson } from "../protocol/json";
import { formatPointer, PatchError, parsePointer } from "../protocol/patch";
import { toHex } from "./attributes";
import { blame, lookUp } from "./blame";
import { eventDetail } from "./event-detail";
import { EventList } from "./events";
import { diffValues } from "./json-diff";
import { boundedJson, jsonBytes } from "./json-text";
import { callView, textOf } from "./llm-calls";
import { PathTree } from "./path-tree";
import { promptOf } from "./prompts";
import type { RunModel } from "./run";
import type { StateAtStep, Step } from "./state-history";
import { StateSearch } from "./state-search";
import { treeRows } from "./state-tree";
import { timelineView } from "./timeline";
import { problemOf, verificationOf } from "./verification";
import type {
  BlameEntry,
  DiffView,
  EventDetail,
  EventQuery,
  EventRows,
  GraphView,
  LlmCall,
  LlmDetail,
  Moment,
  StateQuery,
  StateRows,
  TimelineQuery,
  TimelineStep,
  TimelineView,
  ToolCall,
} from "./views";

export const MAX_TEXT_BYTES = 4 * 1024 * 1024;
const BLAME_CHARACTERS = 16 * 1024;

/** A state with the step that was asked for and the one that it is of. */
interface Found {
  readonly asked: Step;
  readonly askedStep: number;
  readonly at: StateAtStep | null;
}

export class RunAnswers {
  readonly #events: EventList;
  readonly #search = new StateSearch();

  constructor(private readonly run: RunModel) {
    this.#events = new EventList(run.records);
  }

  graphAt(moment: Moment): GraphView {
    return this.run.graph.at(this.#rowsAt(moment));
  }

  stateRows(query: StateQuery): StateRows {
    const { moment, ns, from, count, search = "" } = query;
    const found = this.#find(ns, this.#rowsAt(moment));
    if (found === null || found.at === null) return this.#noState(query, found);
    const { value } = found.at;
    const matches = this.#search.find(value, search);
    const { rows, total } = treeRows({
      value,
      before: this.#comparedWith(query, found),
      expanded: PathTree.of(query.expanded),
      matches,
      from,
      count,
    });
    const made = this.#stepOf(ns, found.at.step);
    return {
      total,
      from,
      rows,
      step: this.#rootStep(found.asked.row),
      superstep: textOfSuperstep(found.asked),
      hash: made.hash.length === 0 ? null : toHex(made.hash),
      verification: verificationOf(found.asked.doubt),
      problem: problemOf(found.asked),
      bytes: jsonBytes(value),
      matches: matches.count,
    };
  }

  diffAt(query: {
    readonly moment: Moment;
    readonly against: Moment | "previous";
    readonly ns: string;
    readonly limit: number;
  }): DiffView {
    const { ns, against, limit } = query;
    const after = this.#find(ns, this.#rowsAt(query.moment));
    const before = against === "previous" ? this.#before(ns, after) : this.#find(ns, this.#rowsAt(against));
    const { operations, total } = diffValues(before?.at?.value, after?.at?.value, limit);
    return {
      operations,
      total,
      fromStep: before === null ? null : this.#rootStep(before.asked.row),
      toStep: after === null ? null : this.#rootStep(after.asked.row),
    };
  }

  valueAt(moment: Moment, ns: string, path: string): string | null {
    const parts = pointerOf(path);
    const value = parts === null ? undefined : lookUp(this.#find(ns, this.#rowsAt(moment))?.at?.value, parts);
    if (value === undefined) return null;
    if (jsonBytes(value) > MAX_TEXT_BYTES) return boundedJson(value, MAX_TEXT_BYTES);
    const text = stringifyJson(value, 2);
    return text.length > MAX_TEXT_BYTES ? stringifyJson(value) : text;
  }

  blame(query: {
    readonly moment: Moment;
    readonly ns: string;
    readonly path: string;
    readonly limit: number;
  }): BlameEntry[] {
    const { ns, limit } = query;
    const namespace = this.run.namespace(ns);
    const last = namespace?.history.stepBefore(this.#rowsAt(query.moment)) ?? null;
    const parts = pointerOf(query.path);
    if (namespace === undefined || last === null || parts === null) return [];
    const stateAt = (step: number) => namespace.history.stateAt(step)?.value;
    return blame(namespace.touched, formatPointer(parts), last, limit, stateAt).map(({ step, value }) => {
      const made = this.#stepOf(ns, step);
      const { records, steps } = this.run;
      return {
        step: this.#rootStep(made.row) ?? 0,
        superstep: textOfSuperstep(made),
        sequence: String(records.sequence(made.row)),
        timestampUs: records.timestampUs(made.row),
        nodes: ns === "" ? steps.nodesOf(made.superstep) : [],
        value: value === undefined ? null : boundedJson(value, BLAME_CHARACTERS),
      };
    });
  }

  timeline(query: TimelineQuery): TimelineView {
    const { summary, spans, steps } = this.run;
    const startUs = summary?.startedUs ?? 0;
    return timelineView(
      {
        startUs,
        endUs: Math.max(startUs, summary?.lastUs ?? 0),
        lanes: spans.spans.lanes,
        spans: spans.spans.all,
        stepCount: steps.count,
        stepStartUs: (step) => steps.startUs(step, startUs),
        stepEndUs: (step) => steps.endUs(step),
        stepView: (step) => this.#timelineStep(step, startUs),
      },
      query,
    );
  }

  eventRows(query: EventQuery): EventRows {
    const rows = query.moment === null ? this.run.records.length : this.#rowsAt(query.moment);
    const { kinds, node, text } = query;
    return this.#events.rows({ kinds, node, text }, rows, query.from, query.count);
  }

  eventDetail(index: number): EventDetail | null {
    const { records } = this.run;
    if (!Number.isInteger(index) || index < 0 || index >= records.length) return null;
    return eventDetail(this.#events.row(index), records.value(index), records.inner(index));
  }

  llmCalls(moment: Moment): LlmCall[] {
    return this.run.llm.at(this.#rowsAt(moment));
  }

  llmCall(id: string, moment: Moment): LlmDetail | null {
    const rows = this.#rowsAt(moment);
    const call = this.run.llm.get(id);
    if (call === undefined || call.row >= rows) return null;
    const prompt = promptOf(id, (one) => {
      const known = this.run.llm.get(one);
      return known?.hasStart ? this.run.eventAt(known.row) : null;
    });
    return {
      call: callView(call, rows),
      prompt: prompt.messages,
      promptTruncated: prompt.truncated,
      text: textOf(call, rows),
      sharedMessages: prompt.shared,
    };
  }

  toolCalls(moment: Moment): ToolCall[] {
    return this.run.tools.at(this.#rowsAt(moment));
  }

  stepOf(moment: Moment): number | null {
    return this.run.root?.stepBefore(this.#rowsAt(moment)) ?? null;
  }

  /** Number of records that were there at a moment. */
  #rowsAt(moment: Moment): number {
    const { records, steps } = this.run;
    switch (moment.kind) {
      case "live":
        return records.length;
      case "step":
        return steps.rowsThrough(Math.floor(moment.step), records.length);
      case "sequence":
        return /^\d{1,20}$/.test(moment.sequence) ? records.rowsThrough(BigInt(moment.sequence)) : 0;
    }
  }

  #find(ns: string, rows: number): Found | null {
    const history = this.run.namespace(ns)?.history;
    const askedStep = history?.stepBefore(rows) ?? null;
    if (history === undefined || askedStep === null) return null;
    return { asked: history.steps[askedStep] as Step, askedStep, at: history.stateAt(askedStep) };
  }

  #before(ns: string, found: Found | null): Found | null {
    return found === null || found.askedStep === 0 ? null : this.#find(ns, found.asked.row);
  }

  #comparedWith(query: StateQuery, found: Found): JsonValue | undefined {
    if (query.compare === null) return undefined;
    if (query.compare === "previous") return this.#before(query.ns, found)?.at?.value;
    return this.#find(query.ns, this.#rowsAt(query.compare))?.at?.value;
  }

  #noState(query: StateQuery, found: Found | null): StateRows {
    const nothing = { total: 0, from: query.from, rows: [], hash: null, bytes: 0, matches: 0 };
    if (found === null) {
      return { ...nothing, step: null, superstep: null, verification: "none", problem: null };
    }
    const isLost = found.asked.doubt === null;
    return {
      ...nothing,
      step: this.#rootStep(found.asked.row),
      superstep: textOfSuperstep(found.asked),
      verification: isLost ? "unverified" : verificationOf(found.asked.doubt),
      problem: problemOf(isLost ? { doubt: "not_held", detail: null } : found.asked),
    };
  }

  #timelineStep(step: number, runStartUs: number): TimelineStep {
    const { records, steps } = this.run;
    const made = this.#stepOf("", step);
    return {
      step,
      superstep: textOfSuperstep(made),
      sequence: String(records.sequence(made.row)),
      startUs: steps.startUs(step, runStartUs),
      endUs: steps.endUs(step),
      nodes: steps.nodesOf(made.superstep),
      verification: verificationOf(made.doubt),
      operations: made.operations,
    };
  }

  #stepOf(ns: string, step: number): Step {
    return this.run.namespace(ns)?.history.steps[step] as Step;
  }

  /** The root's step that is current once the record at a row is applied. */
  #rootStep(row: number): number | null {
    const step = this.run.records.stepColumn.at(row);
    return step < 0 ? null : step;
  }
}

function textOfSuperstep(step: Step): string | null {
  return step.superstep === null ? null : String(step.superstep);
}

function pointerOf(path: string): string[] | null {
  try {
    return parsePointer(path);
  } catch (error) {
    if (error instanceof PatchError) return null;
    throw error;
  }
}
