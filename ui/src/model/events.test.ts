import { describe, expect, it } from "vitest";
import { EventType } from "../protocol/gen/dashstream_pb";
import { GOLDEN_RECORDS } from "../testing/golden-run";
import { RunRecords } from "../testing/run-records";
import { RunModel } from "./run";
import { RunAnswers } from "./run-answers";
import type { EventQuery } from "./views";

function foldOf(records = GOLDEN_RECORDS, runId = "run-1") {
  const run = new RunModel(runId);
  for (const record of records) run.apply(record);
  return { run, answers: new RunAnswers(run) };
}

const ALL: EventQuery = { moment: null, kinds: [], node: null, text: "", from: 0, count: 1_000 };
const { answers, run } = foldOf();
const sequencesOf = (query: Partial<EventQuery>) =>
  answers.eventRows({ ...ALL, ...query }).rows.map(({ sequence }) => sequence);

describe("the list of events", () => {
  it("is filtered as a scan of all rows is", () => {
    const all = answers.eventRows(ALL).rows;
    expect(all).toHaveLength(80);
    const expectRows = (query: Partial<EventQuery>, passes: (row: (typeof all)[number]) => boolean) =>
      expect(sequencesOf(query)).toEqual(all.filter(passes).map(({ sequence }) => sequence));
    expectRows({ kinds: ["token_chunk"] }, ({ kind }) => kind === "token_chunk");
    expectRows(
      { kinds: ["node_start", "tool_failed"] },
      ({ type }) => type === "node_start" || type === "tool_failed",
    );
    expectRows({ node: "plan" }, ({ nodeId }) => nodeId === "plan");
    expectRows({ node: "nobody" }, () => false);
    expectRows({ text: "MOON" }, ({ summary }) => summary.includes("moon"));
    expectRows({ text: "search" }, ({ nodeId, summary }) => `${nodeId} ${summary}`.includes("search"));
    expectRows(
      { kinds: ["event"], node: "plan", text: "llm" },
      ({ nodeId, type }) => nodeId === "plan" && type.startsWith("llm"),
    );
  });

  it("gives a window of what passes up to a moment", () => {
    const moment = { kind: "sequence", sequence: "40" } as const;
    const part = answers.eventRows({ ...ALL, moment, kinds: ["event"], from: 3, count: 4 });
    const whole = answers.eventRows({ ...ALL, moment, kinds: ["event"] });
    expect(part.rows).toEqual(whole.rows.slice(3, 7));
    expect(part.total).toBe(whole.rows.length);
    expect(whole.rows.every(({ sequence }) => Number(sequence) <= 40)).toBe(true);
  });

  it("follows the run under the same filter", () => {
    const records = new RunRecords().event(EventType.NODE_START, { nodeId: "a" });
    const { run: small, answers: asked } = foldOf(records.records, "r");
    const query = { ...ALL, kinds: ["node_start"] };
    expect(asked.eventRows(query).total).toBe(1);
    records.event(EventType.NODE_START, { nodeId: "a" }).event(EventType.NODE_END, { nodeId: "a" });
    for (const record of records.records) small.apply(record);
    expect(asked.eventRows(query).total).toBe(2);
  });
});

describe("one event", () => {
  it("is shown decoded, with its bytes", () => {
    const [diff] = answers.eventRows({ ...ALL, kinds: ["state_diff"] }).rows;
    const detail = answers.eventDetail(diff?.id ?? "");
    const shown = JSON.parse(detail?.json ?? "") as { stateDiff: { operations: { value: unknown }[] } };
    expect(shown.stateDiff.operations.some(({ value }) => JSON.stringify(value)?.includes("moon"))).toBe(
      true,
    );
    expect(detail?.hex).toMatch(/^00000000 {2}0[01] /);
    expect(detail?.truncated).toBe(false);
  });

  it("is there for every row, and for no other", () => {
    const { rows } = answers.eventRows({ ...ALL, count: 1000 });
    expect(rows).toHaveLength(run.records.length);
    for (const row of rows) expect(answers.eventDetail(row.id)?.row).toEqual(row);
    const last = rows.at(-1)?.offset;
    expect(["", "x", `${last}:77`, "999999:0"].map((id) => answers.eventDetail(id))).toEqual(
      Array(4).fill(null),
    );
  });

  it("of a batch is that event alone", () => {
    const { answers: batched } = foldOf(GOLDEN_RECORDS.slice(-1));
    expect(
      JSON.parse(batched.eventDetail(batched.eventRows(ALL).rows[1]?.id ?? "")?.json ?? ""),
    ).toMatchObject({
      eventType: "EVENT_TYPE_EDGE_TRAVERSAL",
    });
  });
});
