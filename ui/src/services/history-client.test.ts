import { expect, it } from "vitest";
import { GatewayHttp } from "./gateway-http";
import { HistoryClient } from "./history-client";

const SIGNAL = new AbortController().signal;

function clientFor(body: string) {
  const asked: string[] = [];
  const http = new GatewayHttp({
    apiUrl: "",
    token: () => null,
    fetch: async (url) => {
      asked.push(String(url));
      return new Response(body);
    },
  });
  return { client: new HistoryClient(http), asked };
}

const event = (sequence: string, changes: object) => ({
  sequence,
  kind: "event",
  type: "NODE_START",
  superstep: "1",
  node_id: "write",
  data: {},
  ...changes,
});
const checkpoint = (sequence: string, data: object) =>
  event(sequence, {
    kind: "checkpoint",
    data: { state_hash: "cc", chunk_index: 0, chunk_count: 1, ...data },
  });

it("reads steps by hash: diffs, and whole checkpoints, which may repeat a state", async () => {
  const events = [
    checkpoint("1", { is_transition: true, chunk_count: 2 }),
    checkpoint("2", { is_transition: true, chunk_count: 2, chunk_index: 1 }),
    event("3", { kind: "state_diff", data: { state_hash: "aa" } }),
    checkpoint("4", { is_transition: false }),
    event("5", { kind: "state_diff", data: null }),
  ];
  const { client, asked } = clientFor(JSON.stringify({ events, next: "6" }));
  await expect(client.steps("a/b", "1", SIGNAL)).resolves.toEqual({
    steps: [
      { sequence: "2", superstep: "1", hash: "cc", repeats: false },
      { sequence: "3", superstep: "1", hash: "aa", repeats: false },
      { sequence: "4", superstep: "1", hash: "cc", repeats: true },
    ],
    next: "6",
  });
  expect(asked).toEqual(["/api/v1/runs/a%2Fb/events?from_seq=1&kinds=state_diff%2Ccheckpoint&limit=500"]);
});

it("reads which nodes started in a span of sequences", async () => {
  const events = [
    event("7", {}),
    event("8", { type: "NODE_END" }),
    event("9", {}),
    event("10", { node_id: "late" }),
  ];
  const { client } = clientFor(JSON.stringify({ events, next: null }));
  await expect(client.nodes("a", "7", "9", SIGNAL)).resolves.toEqual(["write"]);
});

it("reads a state with its integers exact, and refuses an answer without one", async () => {
  const { client } = clientFor('{"state":{"n":9007199254740993}}');
  await expect(client.state("a", "5", SIGNAL)).resolves.toEqual({ n: 9007199254740993n });
  for (const body of ["{}", "nonsense"]) {
    await expect(clientFor(body).client.state("a", "5", SIGNAL)).rejects.toMatchObject({
      code: "bad_answer",
    });
  }
});
