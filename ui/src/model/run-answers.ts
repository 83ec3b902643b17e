/** Answers about one run at any moment: the questions of the page's engine seam, without promises. */

import { type JsonValue, stringifyJson } from "../protocol/json";
import { formatPointer, PatchError, parsePointer } from "../protocol/patch";
import { blame, lookUp } from "./blame";
import { eventDetail } from "./event-detail";
import { EventList, type ReadRows } from "./events";
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
  /** The root's step that was current then. */
  readonly rootStep: number | null;
  readonly at: StateAtStep | null;
}

/** What can be asked about a run. */
export interface Answers extends Omit<Pick<RunAnswers, keyof RunAnswers>, "eventRows"> {
  eventRows(query: EventQuery): EventRows;
}

export class RunAnswers {
  readonly #events: EventList;
  readonly #search = new StateSearch();

  /** `answersAt` tells who knows the state of another moment, where that is not this run model. */
  constructor(
    private readonly run: RunModel,
    private readonly answersAt: (moment: Moment) => RunAnswers = () => this,
  ) {
    this.#events = new EventList(run.records);
  }

  graphAt(moment: Moment): GraphView {
    return this.run.graph.at(this.run.rowsAt(moment));
  }

  stateRows(query: StateQuery): StateRows {
    const { moment, ns, from, count, search = "" } = query;
    const found = this.#find(ns, this.run.rowsAt(moment));
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
      step: found.rootStep,
      superstep: textOfSuperstep(found.asked),
      hash: made.hash || null,
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
    const after = this.#find(ns, this.run.rowsAt(query.moment));
    if (against === "previous" && this.#isFirstOfLater(ns, after)) throw notHere(this.run);
    const before = against === "previous" ? this.#before(ns, after) : this.#foundAt(ns, against);
    const { operations, total } = diffValues(before?.at?.value, after?.at?.value, limit);
    return {
      operations,
      total,
      fromStep: before?.rootStep ?? null,
      toStep: after?.rootStep ?? null,
    };
  }

  valueAt(moment: Moment, ns: string, path: string): string | null {
    const parts = pointerOf(path);
    const value =
      parts === null ? undefined : lookUp(this.#find(ns, this.run.rowsAt(moment))?.at?.value, parts);
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
    const last = namespace?.history.stepBefore(this.run.rowsAt(query.moment)) ?? null;
    const parts = pointerOf(query.path);
    if (namespace === undefined || last === null || parts === null) return [];
    const { records, steps } = this.run;
    const stateAt = (step: number) => namespace.history.stateAt(step)?.value;
    return blame(namespace.touched, formatPointer(parts), last, limit, stateAt)
      .map(({ step, value }) => ({ made: this.#stepOf(ns, step), value }))
      .filter(({ made }) => !this.#isHorizon(made))
      .map(({ made, value }) => ({
        step: this.#rootStep(made.row) ?? 0,
        superstep: textOfSuperstep(made),
        sequence: String(records.sequence(made.row)),
        timestampUs: records.timestampUs(made.row),
        nodes: ns === "" ? steps.nodesOf(made.superstep) : [],
        value: value === undefined ? null : boundedJson(value, BLAME_CHARACTERS),
      }));
  }

  timeline(query: TimelineQuery): TimelineView {
    const { summary, spans, steps } = this.run;
    const startUs = this.#heldFromUs();
    return timelineView(
      {
        startUs,
        endUs: Math.max(startUs, summary?.lastUs ?? 0),
        lanes: spans.spans.lanes,
        spans: spans.spans.all,
        firstStep: steps.first,
        stepsEnd: steps.end,
        stepStartUs: (step) => steps.startUs(step, startUs),
        stepEndUs: (step) => steps.endUs(step),
        stepView: (step) => this.#timelineStep(step, startUs),
      },
      query,
    );
  }

  eventRows(query: EventQuery): ReadRows {
    const rows = query.moment === null ? this.run.records.length : this.run.rowsAt(query.moment);
    const { kinds, node, text } = query;
    return this.#events.rows({ kinds, node, text }, rows, query.from, query.count);
  }

  eventDetail(id: string): EventDetail | null {
    const { records } = this.run;
    const [, offset, inner] = /^(\d{1,20}):(\d{1,9})$/.exec(id) ?? [];
    const row = offset === undefined ? null : records.rowOf(BigInt(offset), Number(inner));
    return row === null ? null : eventDetail(this.#events.row(row), records.value(row), records.inner(row));
  }

  llmCalls(moment: Moment): LlmCall[] {
    return this.run.llm.at(this.run.rowsAt(moment));
  }

  llmCall(id: string, moment: Moment): LlmDetail | null {
    const rows = this.run.rowsAt(moment);
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
    return this.run.tools.at(this.run.rowsAt(moment));
  }

  stepOf(moment: Moment): number | null {
    const step = this.run.root?.stepBefore(this.run.rowsAt(moment)) ?? null;
    return step === null ? null : this.run.steps.start + step;
  }

  #foundAt(ns: string, moment: Moment): Found | null {
    const answers = this.answersAt(moment);
    return answers.#find(ns, answers.run.rowsAt(moment));
  }

  #find(ns: string, rows: number): Found | null {
    const history = this.run.namespace(ns)?.history;
    const askedStep = history?.stepBefore(rows) ?? null;
    if (history === undefined || askedStep === null) return null;
    const asked = history.steps.at(askedStep) as Step;
    return { asked, askedStep, rootStep: this.#rootStep(asked.row), at: history.stateAt(askedStep) };
  }

  #before(ns: string, found: Found | null): Found | null {
    return found === null ? null : this.#find(ns, found.asked.row);
  }

  /** The first step that is known, and not the namespace's: what was before it is not here. */
  #isFirstOfLater(ns: string, found: Found | null): boolean {
    const first = this.run.namespace(ns)?.history.steps.first ?? 0;
    return found?.askedStep === first && first + this.run.steps.start > 0;
  }

  /** The step stands for all that were made up to the horizon, so which record set what it has is not known. */
  #isHorizon({ row }: Step): boolean {
    const { first } = this.run.records;
    return first > 0 && row === first;
  }

  #comparedWith(query: StateQuery, found: Found): JsonValue | undefined {
    if (query.compare === null) return undefined;
    if (query.compare === "previous") return this.#before(query.ns, found)?.at?.value;
    return this.#foundAt(query.ns, query.compare)?.at?.value;
  }

  #noState(query: StateQuery, found: Found | null): StateRows {
    const nothing = { total: 0, from: query.from, rows: [], hash: null, bytes: 0, matches: 0 };
    if (found === null) {
      return { ...nothing, step: null, superstep: null, verification: "none", problem: null };
    }
    const isLost = found.asked.doubt === null;
    return {
      ...nothing,
      step: found.rootStep,
      superstep: textOfSuperstep(found.asked),
      verification: isLost ? "unverified" : verificationOf(found.asked.doubt),
      problem: problemOf(isLost ? { doubt: "not_held", detail: null } : found.asked),
    };
  }

  /** When the run started, or what is held of it. */
  #heldFromUs(): number {
    const { records, steps, summary } = this.run;
    if (records.first === 0) return summary?.startedUs ?? 0;
    const us = records.timestampUs(records.first);
    return steps.count === 0 ? us : Math.min(us, steps.endUs(steps.first));
  }

  #timelineStep(step: number, runStartUs: number): TimelineStep {
    const { records, steps } = this.run;
    const made = this.#stepOf("", step - steps.start);
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
    return this.run.namespace(ns)?.history.steps.at(step) as Step;
  }

  /** The root's step that is current once the record at a row is applied. */
  #rootStep(row: number): number | null {
    const step = this.run.records.stepColumn.at(row);
    return step < 0 ? null : step;
  }
}

/** What is asked for needs records that were not read so far. */
export const notYet = () => new Error("The records that tell this are still being read");

const notHere = ({ records }: RunModel) =>
  records.first === 0 ? notYet() : new Error("The records that tell this are in the log, and no longer here");

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
