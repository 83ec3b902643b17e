import { describe, expect, it } from "vitest";
import { GatewayHttp } from "./gateway-http";
import { OperationsClient } from "./operations-client";

const SIGNAL = new AbortController().signal;
const REDRIVE = { at_us: "7", partition: 0, offset: "9007199254740993", instance: "g" };
const LETTER = {
  id: "e.0.12",
  version: 1,
  topic: "telemetry",
  epoch: "e",
  partition: 0,
  offset: "12",
  reason: "decode",
  size: 41,
  sha256: "ab",
  head: "00",
  tail: "ff",
  thread_id: "t",
  tenant_id: "",
  producer_id: "",
  key: "",
  key_size: 0,
  timestamp_us: "5",
  at_us: "6",
  instance: "g",
  payload_state: "complete",
  redriven: [REDRIVE],
};

function clientFor(body: unknown, init?: ResponseInit) {
  const asked: string[] = [];
  const http = new GatewayHttp({
    apiUrl: "http://gateway",
    token: () => "secret",
    fetch: async (url, request) => {
      asked.push(`${request?.method} ${String(url)}`);
      return new Response(JSON.stringify(body), init);
    },
  });
  return { client: new OperationsClient(http), asked };
}

describe("dead letters", () => {
  it("are read as the gateway writes them", async () => {
    const { client, asked } = clientFor({ dead_letters: [LETTER], next: "e.0.12", known: 4 });
    const page = await client.deadLetters({ reason: "decode", limit: 5 }, SIGNAL);
    expect(asked).toEqual(["GET http://gateway/api/v1/dead-letters?reason=decode&limit=5"]);
    expect(page).toMatchObject({
      next: "e.0.12",
      known: 4,
      letters: [{ id: "e.0.12", payloadState: "complete", redriven: [{ offset: "9007199254740993" }] }],
    });
  });

  it("are asked for one by one", async () => {
    const { client, asked } = clientFor(LETTER);
    await expect(client.deadLetter("e/1.0.12", SIGNAL)).resolves.toMatchObject({ size: 41, atUs: 6 });
    expect(asked).toEqual(["GET http://gateway/api/v1/dead-letters/e%2F1.0.12"]);
  });

  it("are sent again by a POST, whose refusal says why", async () => {
    const { client, asked } = clientFor(REDRIVE);
    await expect(client.redrive("e.0.12", SIGNAL)).resolves.toMatchObject({ offset: "9007199254740993" });
    expect(asked).toEqual(["POST http://gateway/api/v1/dead-letters/e.0.12/redrive"]);
    const refusal = { detail: "the letter's payload is off", code: "conflict" };
    await expect(clientFor(refusal, { status: 409 }).client.redrive("e.0.12", SIGNAL)).rejects.toMatchObject({
      status: 409,
      message: "the letter's payload is off",
    });
  });
});

it("reads observed schemas", async () => {
  const schema = {
    graph_id: "g1",
    name: "writer",
    nodes: [{ id: "a", name: "a", kind: "node", parent: "" }],
    edges: [{ source: "a", target: "b", conditional: true, label: "" }],
    first_seen_us: "1",
    last_seen_us: "2",
    runs: 3,
  };
  const { client } = clientFor({ schemas: [schema] });
  await expect(client.schemas(SIGNAL)).resolves.toMatchObject([
    { graphId: "g1", edges: [{ conditional: true }], lastSeenUs: 2, runs: 3 },
  ]);
  await expect(clientFor({ schemas: [{}] }).client.schemas(SIGNAL)).rejects.toMatchObject({
    code: "bad_answer",
  });
});
