/**
 * An engine without a worker or a gateway: answers from a scripted run, and frames as a test pushes them.
 *
 * `push` merges changes into the newest frame and tells every listener at once. What the page asked of the
 * engine is in `asked`, in order, by method name.
 */

import type { EngineApi, Moment, RunFrame } from "../stores/engine";
import { frameOf } from "./frames";
import { scriptedGraph } from "./scripted-graph";
import { type Json, type ScriptedRun, scriptRun } from "./scripted-run";
import { operationsOf, rowsOf, valueAtPointer } from "./state-rows";

export interface FakeEngine extends EngineApi {
  readonly run: ScriptedRun;
  /** Names of the methods that were called, oldest first. */
  readonly asked: readonly string[];
  frame(): RunFrame;
  push(changes: Partial<RunFrame>): void;
}

export interface FakeEngineOptions {
  readonly run?: ScriptedRun;
  /** Changes to the first frame. */
  readonly frame?: Partial<RunFrame>;
}

/** The frame that says that a whole scripted run is here. */
function scriptedFrame(run: ScriptedRun): Partial<RunFrame> {
  return { steps: run.steps.length, lastSequence: String(run.events.length) };
}

interface Script {
  readonly run: ScriptedRun;
  readonly last: () => number;
  readonly stepAt: (moment: Moment | null) => number;
  readonly stateAt: (step: number) => Json | undefined;
}

export function createFakeEngine(options: FakeEngineOptions = {}): FakeEngine {
  const run = options.run ?? scriptRun();
  let frame = frameOf({ ...scriptedFrame(run), ...options.frame });
  const asked: string[] = [];
  const listeners = new Set<(frame: RunFrame) => void>();
  const tell = (next: RunFrame) => {
    frame = next;
    for (const listener of listeners) listener(frame);
  };
  const last = () => Math.min(frame.steps, run.steps.length) - 1;
  const stepAt = (moment: Moment | null): number => {
    if (moment === null || moment.kind === "live") return last();
    if (moment.kind === "step") return Math.min(moment.step, last());
    return run.steps.findLastIndex(({ sequence }) => BigInt(sequence) <= BigInt(moment.sequence));
  };
  const script: Script = { run, last, stepAt, stateAt: (step) => run.states[step] };

  return {
    run,
    asked,
    frame: () => frame,
    push: (changes) => tell({ ...frame, revision: frame.revision + 1, ...changes }),
    connect: () => void asked.push("connect"),
    openRun(runId) {
      asked.push("openRun");
      tell({ ...frame, openId: runId });
    },
    openFile: async (name) => {
      asked.push("openFile");
      if (!name.endsWith(".dsrun")) throw new Error(`${name} is not a .dsrun file`);
      tell({ ...frame, openId: name, connection: { ...frame.connection, source: "file" } });
    },
    retry: () => void asked.push("retry"),
    resolveMismatch: () => void asked.push("resolveMismatch"),
    onFrame(listener) {
      listeners.add(listener);
      listener(frame);
      return () => void listeners.delete(listener);
    },
    graphAt: async (moment) => scriptedGraph(run, stepAt(moment), frame.run?.endedUs !== null),
    ...stateAnswers(script),
    ...recordAnswers(script),
  };
}

const sizeOf = (state: Json | undefined): number => (state === undefined ? 0 : JSON.stringify(state).length);

type StateAnswers = Pick<EngineApi, "stateRows" | "diffAt" | "valueAt" | "blame" | "stepOf">;

function stateAnswers({ run, stepAt, stateAt }: Script): StateAnswers {
  return {
    stateRows: async (query) => {
      const step = stepAt(query.moment);
      const state = stateAt(step);
      const before =
        query.compare === null
          ? undefined
          : stateAt(query.compare === "previous" ? step - 1 : stepAt(query.compare));
      const rows = state === undefined ? [] : rowsOf(state, before, query);
      return {
        total: rows.length,
        from: query.from,
        unreadAt: null,
        rows: rows.slice(query.from, query.from + query.count),
        step: state === undefined ? null : step,
        superstep: run.steps[step]?.superstep ?? null,
        hash: state === undefined ? null : (step * 2_654_435_761 + 97).toString(16).padStart(32, "7e"),
        verification: state === undefined ? "none" : "verified",
        problem: null,
        bytes: sizeOf(state),
        matches: rows.filter((row) => row.match).length,
      };
    },
    diffAt: async (query) => {
      const toStep = stepAt(query.moment);
      const fromStep = query.against === "previous" ? toStep - 1 : stepAt(query.against);
      const operations = operationsOf(stateAt(fromStep), stateAt(toStep));
      return {
        operations: operations.slice(0, query.limit),
        total: operations.length,
        fromStep: fromStep < 0 ? null : fromStep,
        toStep,
      };
    },
    valueAt: async (moment, _ns, path) => {
      const value = valueAtPointer(stateAt(stepAt(moment)), path);
      return value === undefined ? null : JSON.stringify(value, null, 2);
    },
    blame: async (query) =>
      run.steps
        .slice(0, stepAt(query.moment) + 1)
        .map((step) => ({ step, value: valueAtPointer(stateAt(step.step), query.path) }))
        .filter(({ step, value }) => {
          const before = valueAtPointer(stateAt(step.step - 1), query.path);
          return JSON.stringify(value) !== JSON.stringify(before);
        })
        .map(({ step, value }) => ({
          step: step.step,
          superstep: step.superstep,
          sequence: step.sequence,
          timestampUs: step.endUs,
          nodes: step.nodes,
          value: value === undefined ? null : JSON.stringify(value),
        }))
        .reverse()
        .slice(0, query.limit),
    stepOf: async (moment) => {
      const step = stepAt(moment);
      return step < 0 ? null : step;
    },
  };
}

type RecordAnswers = Pick<
  EngineApi,
  "timeline" | "eventRows" | "eventDetail" | "llmCalls" | "llmCall" | "toolCalls"
>;

function recordAnswers({ run, last, stepAt }: Script): RecordAnswers {
  const upTo = <T extends { readonly step: number | null }>(calls: readonly T[], moment: Moment): T[] =>
    calls.filter(({ step }) => (step ?? 0) <= stepAt(moment));
  return {
    timeline: async (query) => {
      const steps = run.steps.slice(0, last() + 1);
      const endUs = steps.at(-1)?.endUs ?? run.endUs;
      const from = query.fromUs ?? Number.NEGATIVE_INFINITY;
      const to = query.toUs ?? Number.POSITIVE_INFINITY;
      const spans = run.spans.filter(
        (span) => span.startUs < endUs && span.startUs <= to && (span.endUs ?? to) >= from,
      );
      return {
        startUs: run.steps[0]?.startUs ?? 0,
        endUs,
        lanes: spans.reduce((most, span) => Math.max(most, span.lane + 1), 0),
        steps: steps.slice(0, query.limit),
        spans: spans.slice(0, query.limit),
        totalSpans: spans.length,
        totalSteps: steps.length,
        firstStep: 0,
        unread: null,
      };
    },
    eventRows: async (query) => {
      const found = upTo(run.events, query.moment ?? { kind: "live" }).filter(
        (row) =>
          (query.kinds.length === 0 || query.kinds.includes(row.kind) || query.kinds.includes(row.type)) &&
          (query.node === null || row.nodeId === query.node) &&
          `${row.summary} ${row.type} ${row.nodeId}`.toLowerCase().includes(query.text.toLowerCase()),
      );
      return {
        total: found.length,
        from: query.from,
        unreadAt: null,
        rows: found.slice(query.from, query.from + query.count),
      };
    },
    eventDetail: async (id) => {
      const row = run.events.find((event) => event.id === id);
      if (!row) return null;
      return {
        row,
        json: JSON.stringify(row, null, 2),
        hex: "00000000  0a 04 72 75 6e 31 12 02  |..run1..|",
        truncated: false,
      };
    },
    llmCalls: async (moment) => upTo(run.llmCalls, moment),
    llmCall: async (id) => {
      const call = run.llmCalls.find((candidate) => candidate.id === id);
      if (!call) return null;
      const prompt = [
        { role: "system", name: null, content: "You write short reports.", toolCalls: null },
        { role: "user", name: null, content: "Write a short report about tides.", toolCalls: null },
      ];
      return { call, prompt, promptTruncated: false, text: run.texts.get(id) ?? "", sharedMessages: 1 };
    },
    toolCalls: async (moment) => upTo(run.toolCalls, moment),
  };
}
