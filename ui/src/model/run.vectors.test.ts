/** The page's fold against the gateway's: same records, same summary, same events, same states. */

import { describe, expect, it } from "vitest";
import { jsonEqual, parseJson } from "../protocol/json";
import { GOLDEN_RECORDS, GOLDEN_RUNS } from "../testing/golden-run";
import { RunModel } from "./run";
import { RunAnswers } from "./run-answers";

function fold(runId: string): { run: RunModel; answers: RunAnswers } {
  const run = new RunModel(runId);
  for (const record of GOLDEN_RECORDS) run.apply(record);
  return { run, answers: new RunAnswers(run) };
}

describe.each(GOLDEN_RUNS)("$run_id", ({ run_id, summary, events, states }) => {
  const { run, answers } = fold(run_id);

  it("has the gateway's summary", () => {
    const view = run.summaryView();
    expect(view).toMatchObject({
      runId: summary.run_id,
      threadId: summary.thread_id,
      tenantId: summary.tenant_id,
      graphId: summary.graph_id,
      graphName: summary.graph_name,
      status: summary.status,
      startedUs: Number(summary.started_us),
      endedUs: Number(summary.ended_us),
      durationUs: Number(summary.duration_us),
      lastUs: Number(summary.last_us),
      supersteps: summary.supersteps,
      records: summary.records,
      nodeExecutions: summary.node_executions,
      llmCalls: summary.llm_calls,
      toolCalls: summary.tool_calls,
      promptTokens: summary.prompt_tokens,
      completionTokens: summary.completion_tokens,
      errorCount: summary.errors,
      dropped: summary.losses,
      resumes: summary.resumes,
      producerId: summary.producer_id,
      program: summary.program,
      truthEdges: summary.truth_edges,
    });
    expect(
      view?.interrupts.map(({ id, nodeId, value, when }) => ({
        id,
        node_id: nodeId,
        value: JSON.parse(value) as unknown,
        when,
      })),
    ).toEqual(summary.interrupts);
    expect(run.lastSequence).toBe(summary.last_sequence);
  });

  it("has a complete receipt that counts the repeats", () => {
    expect(run.receipt()).toMatchObject({
      received: summary.records,
      total: summary.records,
      complete: true,
      duplicates: summary.duplicates,
      missing: 0,
      verification: "verified",
      verifiedSteps: run.steps.count,
      verifiedThrough: run.steps.count - 1,
    });
  });

  it("has the gateway's events", () => {
    const all = { moment: null, kinds: [], node: null, text: "", from: 0, count: 1000 };
    const rows = answers.eventRows(all).rows.map(({ sequence, kind, type, nodeId, summary: text }) => ({
      sequence,
      kind,
      type: kind === "event" ? type : kind === "tool_execution" ? type.replace("tool_", "") : "",
      node_id: nodeId ?? "",
      summary: text,
    }));
    expect(rows).toEqual(events);
  });

  it.each(states)("has the state of '$ns' after sequence $sequence", (expected) => {
    const rows = answers.stateRows({
      moment: { kind: "sequence", sequence: expected.sequence },
      ns: expected.ns,
      expanded: [],
      from: 0,
      count: 1,
      compare: null,
    });
    expect(rows.hash).toBe(expected.hash);
    expect(rows.superstep).toBe(expected.superstep);
    expect(rows.verification).toBe(expected.verified ? "verified" : "unverified");
    const text = answers.valueAt({ kind: "sequence", sequence: expected.sequence }, expected.ns, "");
    expect(jsonEqual(parseJson(text ?? ""), parseJson(expected.json))).toBe(true);
  });
});
