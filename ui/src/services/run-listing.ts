/** Rows of the list of runs, read from the API's answer. */

import type { RunStatus } from "../model/frame";
import type { RunInterrupt, RunListing } from "../stores/gateway-api";
import { AnswerReader } from "./answer-reader";

const STATUSES: readonly RunStatus[] = [
  "running",
  "ok",
  "error",
  "cancelled",
  "interrupted",
  "recursion_limit",
  "closed",
  "timed_out",
];

/** Throws AnswerError when it is not a run as the API says. */
export function readRunListing(value: unknown): RunListing {
  const run = new AnswerReader(value, "run");
  return {
    runId: run.text("run_id"),
    threadId: run.text("thread_id"),
    tenantId: run.text("tenant_id"),
    graphId: run.text("graph_id"),
    graphName: run.text("graph_name"),
    status: run.choice("status", STATUSES),
    startedUs: run.us("started_us"),
    endedUs: run.maybeUs("ended_us"),
    durationUs: run.maybeUs("duration_us"),
    lastUs: run.us("last_us"),
    supersteps: run.number("supersteps"),
    records: run.number("records"),
    duplicates: run.number("duplicates"),
    nodeExecutions: run.number("node_executions"),
    llmCalls: run.number("llm_calls"),
    toolCalls: run.number("tool_calls"),
    promptTokens: run.number("prompt_tokens"),
    completionTokens: run.number("completion_tokens"),
    errors: run.number("errors"),
    losses: run.number("losses"),
    interrupts: run.list("interrupts", readInterrupt),
    resumes: run.maybeText("resumes"),
    resumedBy: run.maybeText("resumed_by"),
    partition: run.number("partition"),
    firstOffset: run.integer("first_offset"),
    lastOffset: run.integer("last_offset"),
    firstSequence: run.maybeInteger("first_sequence"),
    lastSequence: run.maybeInteger("last_sequence"),
    producerId: run.text("producer_id"),
    producerEpoch: run.integer("producer_epoch"),
    program: run.maybeText("program"),
    truthEdges: run.maybeText("truth_edges"),
    hasStart: run.flag("has_start"),
  };
}

function readInterrupt(value: unknown): RunInterrupt {
  const interrupt = new AnswerReader(value, "interrupt");
  return {
    id: interrupt.text("id"),
    nodeId: interrupt.text("node_id"),
    value: JSON.stringify(interrupt.raw("value") ?? null),
    when: interrupt.text("when"),
  };
}
