import { describe, expect, it } from "vitest";
import { GOLDEN_RUNS } from "../testing/golden-run";
import { GatewayClient } from "./gateway-client";
import { GatewayHttp } from "./gateway-http";

const SIGNAL = new AbortController().signal;
const SUMMARIES = GOLDEN_RUNS.map(({ summary }) => summary);

function clientFor(answer: () => Response | Promise<Response>, token: string | null = "secret") {
  const asked: { readonly url: string; readonly headers: Headers }[] = [];
  const http = new GatewayHttp({
    apiUrl: "http://gateway",
    token: () => token,
    fetch: async (url, init) => {
      asked.push({ url: String(url), headers: new Headers(init?.headers) });
      return answer();
    },
  });
  return { client: new GatewayClient(http), asked };
}

const json = (body: unknown, init?: ResponseInit) => () => new Response(JSON.stringify(body), init);

describe("the list of runs", () => {
  it("is read as the gateway writes it", async () => {
    const body = { runs: SUMMARIES, next: "5.1", version: "7" };
    const { client, asked } = clientFor(json(body, { headers: { ETag: '"7"' } }));
    const answer = await client.runs({ status: "ok", text: "a b", limit: 5, graph: "" }, null, SIGNAL);
    expect(asked[0]?.url).toBe("http://gateway/api/v1/runs?status=ok&q=a+b&limit=5");
    expect(asked[0]?.headers.get("Authorization")).toBe("Bearer secret");
    expect(answer).toMatchObject({
      next: "5.1",
      etag: '"7"',
      runs: [
        { runId: "run-1", status: "ok", durationUs: 79_000, firstSequence: "1", interrupts: [] },
        { runId: "run-2", losses: 5, resumes: "run-1", interrupts: [{ value: '{"question":"Publish?"}' }] },
      ],
    });
  });

  it("is unchanged while its tag is", async () => {
    const { client, asked } = clientFor(() => new Response(null, { status: 304 }), null);
    await expect(client.runs({}, '"7"', SIGNAL)).resolves.toBe("unchanged");
    expect(asked[0]?.url).toBe("http://gateway/api/v1/runs");
    expect(asked[0]?.headers.get("If-None-Match")).toBe('"7"');
    expect(asked[0]?.headers.has("Authorization")).toBe(false);
  });

  it.each([
    ["a status that does not exist", { ...SUMMARIES[0], status: "sleeping" }],
    ["a time that is a number", { ...SUMMARIES[0], started_us: 5 }],
    ["a count that is missing", { ...SUMMARIES[0], records: undefined }],
  ])("with %s is not understood", async (_, run) => {
    const { client } = clientFor(json({ runs: [run], next: null, version: "1" }));
    await expect(client.runs({}, null, SIGNAL)).rejects.toMatchObject({ code: "bad_answer" });
  });
});

it("reads health", async () => {
  const health = {
    level: "degraded",
    reasons: [{ check: "disk", level: "degraded", message: "little room" }],
    unknown: ["log_lag"],
    window_s: 60,
    retained: "none",
    dead_letters: { written: 3, waiting: null, lost_recently: 0 },
    producers: { accepted_recently: 7, rejected_recently: 1, overloaded_recently: null },
    viewers: { connected: 2, slow: 1, apply_lag_s: 0.5 },
    index_lag: null,
  };
  await expect(clientFor(json(health)).client.health(SIGNAL)).resolves.toEqual({
    level: "degraded",
    reasons: [{ check: "disk", level: "degraded", message: "little room" }],
    unknown: ["log_lag"],
    windowS: 60,
    retained: "none",
    deadLetters: { written: 3, waiting: null, lostRecently: 0 },
    producers: { accepted: 7, rejected: 1, overloaded: null },
    viewers: { connected: 2, slow: 1, applyLagS: 0.5 },
    indexLag: null,
  });
  const bound = { ...health, producers: null, viewers: null };
  await expect(clientFor(json(bound)).client.health(SIGNAL)).resolves.toMatchObject({
    producers: null,
    viewers: null,
  });
});

it("reads partitions, those of other gateways too", async () => {
  const elsewhere = { partition: 0, owned: false, high: "9007199254740993" };
  const absent = {
    head: null,
    position: null,
    settled: null,
    catching_up: null,
    waiting: null,
    paused: null,
  };
  const pause = { offset: "7", reason: "decode", since_us: "1000" };
  const own = { partition: 1, owned: true, high: "9", settled: "7", catching_up: true, paused: pause };
  const { client, asked } = clientFor(json({ epoch: "e", partitions: [{ ...elsewhere, ...absent }, own] }));
  await expect(client.partitions(SIGNAL)).resolves.toEqual([
    { ...elsewhere, settled: null, catchingUp: false, paused: null },
    {
      partition: 1,
      owned: true,
      high: "9",
      settled: "7",
      catchingUp: true,
      paused: { offset: "7", reason: "decode", sinceUs: 1_000 },
    },
  ]);
  expect(asked[0]?.url).toBe("http://gateway/api/v1/partitions");
});

it("asks for an export by the run's id, whatever is in it", async () => {
  const { client, asked } = clientFor(() => new Response("file"));
  expect(await (await client.exportRun("a/b c", SIGNAL)).text()).toBe("file");
  expect(asked[0]?.url).toBe("http://gateway/api/v1/runs/a%2Fb%20c/export");
});

describe("what goes wrong", () => {
  it("is the gateway's own words where it has some", async () => {
    const problem = {
      type: "about:blank",
      title: "Too Many",
      status: 429,
      detail: "too many requests",
      code: "overloaded",
    };
    const { client } = clientFor(json(problem, { status: 429, headers: { "Retry-After": "2" } }));
    await expect(client.health(SIGNAL)).rejects.toMatchObject({
      name: "GatewayError",
      message: "too many requests",
      status: 429,
      code: "overloaded",
      retryAfterMs: 2_000,
    });
  });

  it("is the bare status where it has none", async () => {
    const { client } = clientFor(() => new Response("<html>", { status: 502 }));
    await expect(client.health(SIGNAL)).rejects.toMatchObject({
      status: 502,
      code: "status_502",
      retryAfterMs: null,
    });
  });

  it("is told as unreachable when no answer comes, and as the abort when it was aborted", async () => {
    const fails = () => Promise.reject(new TypeError("Failed to fetch"));
    await expect(clientFor(fails).client.health(SIGNAL)).rejects.toMatchObject({
      code: "unreachable",
      status: null,
    });
    const aborted = AbortSignal.abort(new Error("left"));
    await expect(clientFor(fails).client.health(aborted)).rejects.toThrow("left");
  });

  it("is not understood when it is no JSON", async () => {
    const { client } = clientFor(() => new Response("<html>"));
    await expect(client.health(SIGNAL)).rejects.toMatchObject({ code: "bad_answer" });
  });
});
