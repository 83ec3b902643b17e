/**
 * One scripted run of a graph that plans, researches in parallel, writes and judges in rounds.
 *
 * Every value is derived from the number of rounds and nothing else, so that a test may name exact figures:
 * 2 + 2 * rounds steps, from step 0 (the input).
 */

import type { EventRow, LlmCall, TimelineSpan, TimelineStep, ToolCall } from "../model/views";
import { STARTED_US } from "./frames";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface ScriptedRun {
  /** The root state after each step. */
  readonly states: readonly Json[];
  readonly steps: readonly TimelineStep[];
  readonly spans: readonly TimelineSpan[];
  readonly events: readonly EventRow[];
  readonly llmCalls: readonly LlmCall[];
  readonly toolCalls: readonly ToolCall[];
  readonly texts: ReadonlyMap<string, string>;
  readonly endUs: number;
}

const SECOND = 1_000_000;
const TOPICS = ["moon", "coast", "wind"];
const DRAFT = "Tides rise and fall because the moon and the sun pull at the sea. ";

interface Scripting {
  states: Json[];
  steps: TimelineStep[];
  spans: TimelineSpan[];
  events: EventRow[];
  llmCalls: LlmCall[];
  toolCalls: ToolCall[];
  texts: Map<string, string>;
  nowUs: number;
}

export function scriptRun(rounds = 3): ScriptedRun {
  const script: Scripting = {
    states: [],
    steps: [],
    spans: [],
    events: [],
    llmCalls: [],
    toolCalls: [],
    texts: new Map(),
    nowUs: STARTED_US,
  };
  event(script, "event", "graph_start", null, null, "run started");
  let state: { [key: string]: Json } = {
    topic: "tides",
    messages: [{ role: "user", content: "Write a short report about tides." }],
    notes: {},
    drafts: [],
    score: null,
    round: 0,
  };
  step(script, state, ["__input__"], 0);
  TOPICS.forEach((topic, lane) => {
    span(script, "node", "research", lane * 2, 1.4 + lane * 0.5);
    toolCall(script, topic, lane * 2 + 1, 0.9 + lane * 0.4);
  });
  script.nowUs += 2.6 * SECOND;
  state = {
    ...state,
    notes: Object.fromEntries(TOPICS.map((topic) => [topic, `What is known of the ${topic}.`])),
  };
  step(script, state, ["research"], 2.6);
  for (let round = 1; round <= rounds; round += 1) {
    const draft = DRAFT.repeat(round + 1).trim();
    span(script, "node", "write", 0, 2.1);
    llmCall(script, "write", 1, 1.9, draft);
    script.nowUs += 2.1 * SECOND;
    const drafts = [...(state.drafts as readonly Json[]), draft];
    state = {
      ...state,
      drafts,
      round,
      messages: [...(state.messages as readonly Json[]), message(draft)],
    };
    step(script, state, ["write"], 2.1);
    span(script, "node", "judge", 0, 0.8);
    script.nowUs += 0.8 * SECOND;
    state = { ...state, score: Math.round((round / rounds) * 90) / 100 };
    step(script, state, ["judge"], 0.8);
  }
  event(script, "event", "graph_end", null, script.steps.length - 1, "run ended");
  return { ...script, endUs: script.nowUs };
}

const message = (content: string): Json => ({ role: "assistant", content });

function sequence(script: Scripting): string {
  return String(script.events.length + 1);
}

function event(
  script: Scripting,
  kind: EventRow["kind"],
  type: string,
  nodeId: string | null,
  at: number | null,
  summary: string,
): void {
  script.events.push({
    id: String(script.events.length),
    sequence: sequence(script),
    partition: 0,
    offset: String(1000 + script.events.length),
    kind,
    type,
    timestampUs: script.nowUs,
    nodeId,
    attempt: 1,
    superstep: at === null ? null : String(at),
    step: at,
    summary,
    bytes: 180 + summary.length,
  });
}

function step(script: Scripting, state: Json, nodes: readonly string[], tookS: number): void {
  const index = script.steps.length;
  event(
    script,
    index === 0 ? "checkpoint" : "state_diff",
    index === 0 ? "checkpoint" : "state_diff",
    nodes[0] ?? null,
    index,
    `step ${index}`,
  );
  script.states.push(state);
  script.steps.push({
    step: index,
    superstep: String(index - 1),
    sequence: String(script.events.length),
    startUs: script.nowUs - tookS * SECOND,
    endUs: script.nowUs,
    nodes,
    verification: "verified",
    operations: index === 0 ? 0 : 2,
  });
}

function span(
  script: Scripting,
  kind: TimelineSpan["kind"],
  name: string,
  lane: number,
  tookS: number,
): void {
  const id = `${kind}-${script.spans.length}`;
  const at = script.steps.length - 1;
  if (kind === "node") event(script, "event", "node_start", name, at, `${name} starts`);
  script.spans.push({
    id,
    kind,
    name,
    nodeId: name,
    startUs: script.nowUs,
    endUs: script.nowUs + tookS * SECOND,
    status: "done",
    attempt: 1,
    cached: false,
    lane,
    step: at + 1,
    sequence: sequence(script),
    skewed: false,
  });
}

function llmCall(script: Scripting, nodeId: string, lane: number, tookS: number, text: string): void {
  const id = `llm-${script.llmCalls.length}`;
  const at = script.steps.length - 1;
  event(script, "event", "llm_start", nodeId, at, "small-model answers");
  script.texts.set(id, text);
  script.llmCalls.push({
    id,
    model: "small-model",
    provider: "local",
    nodeId,
    status: "done",
    startUs: script.nowUs,
    endUs: script.nowUs + tookS * SECOND,
    durationUs: tookS * SECOND,
    promptTokens: 410 + 120 * script.llmCalls.length,
    completionTokens: Math.round(text.length / 4),
    totalTokens: 410 + 120 * script.llmCalls.length + Math.round(text.length / 4),
    finishReason: "stop",
    error: null,
    sequence: sequence(script),
    step: at,
    attempt: 1,
    textLength: text.length,
    textTail: text.slice(-120),
    firstTokenUs: script.nowUs + 0.3 * SECOND,
    missingChunks: 0,
  });
  span(script, "llm", "small-model", lane, tookS);
}

function toolCall(script: Scripting, topic: string, lane: number, tookS: number): void {
  const at = script.steps.length - 1;
  event(script, "tool_execution", "tool_execution", "research", at, `search ${topic}`);
  script.toolCalls.push({
    id: `tool-${script.toolCalls.length}`,
    name: "search",
    nodeId: "research",
    status: "done",
    startUs: script.nowUs,
    endUs: script.nowUs + tookS * SECOND,
    durationUs: tookS * SECOND,
    arguments: JSON.stringify({ query: topic, limit: 5 }),
    result: JSON.stringify({ hits: [`What is known of the ${topic}.`] }),
    error: null,
    sequence: sequence(script),
    step: at,
    attempt: 1,
  });
  span(script, "tool", "search", lane, tookS);
}
