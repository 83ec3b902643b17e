/** Services without a gateway, a disk or a clock: what a test sets is what the page gets. */

import {
  type Access,
  type GatewayApi,
  GatewayError,
  type GatewayHealth,
  type PartitionDuties,
  type RunListing,
  type RunsAnswer,
} from "../stores/gateway-api";
import type { Services } from "../stores/services";
import { createFakeEngine, type FakeEngine } from "./fake-engine";
import { createFakeHistory, type FakeHistory } from "./fake-history";
import { createFakeOperations, type FakeOperations } from "./fake-operations";
import { STARTED_US } from "./frames";

export interface FakeServices extends Services {
  readonly engine: FakeEngine;
  readonly api: FakeApi;
  readonly history: FakeHistory;
  readonly operations: FakeOperations;
  readonly clipboard: string[];
  setNowMs(nowMs: number): void;
}

export interface FakeApi extends GatewayApi {
  listed: readonly RunListing[];
  failure: GatewayError | null;
  accessAnswer: Access;
  healthAnswer: GatewayHealth;
  partitionsAnswer: readonly PartitionDuties[];
  /** How often the list was asked for. */
  readonly questions: { count: number };
}

export function listingOf(changes: Partial<RunListing> = {}): RunListing {
  return {
    runId: "run-7f3a91c2e4",
    threadId: "thread-42",
    tenantId: "",
    graphId: "9f86d081884c7d65",
    graphName: "report_writer",
    status: "ok",
    startedUs: STARTED_US,
    endedUs: STARTED_US + 14_200_000,
    durationUs: 14_200_000,
    lastUs: STARTED_US + 14_200_000,
    supersteps: 7,
    records: 12_481,
    duplicates: 0,
    nodeExecutions: 9,
    llmCalls: 5,
    toolCalls: 3,
    promptTokens: 5_310,
    completionTokens: 1_204,
    errors: 0,
    losses: 0,
    interrupts: [],
    resumes: null,
    resumedBy: null,
    partition: 0,
    firstOffset: "0",
    lastOffset: "12480",
    firstSequence: "1",
    lastSequence: "12481",
    producerId: "producer-1",
    producerEpoch: "1",
    program: "writer.py",
    truthEdges: "observed",
    hasStart: true,
    ...changes,
  };
}

export function healthOf(changes: Partial<GatewayHealth> = {}): GatewayHealth {
  return {
    level: "ok",
    reasons: [],
    unknown: [],
    windowS: 60,
    retained: "none",
    deadLetters: { written: 0, waiting: 0, lostRecently: 0 },
    producers: { accepted: 7_560, rejected: 0, overloaded: 0 },
    viewers: { connected: 3, slow: 0, applyLagS: 0.02 },
    indexLag: 0,
    ...changes,
  };
}

export function partitionOf(changes: Partial<PartitionDuties> = {}): PartitionDuties {
  return {
    partition: 0,
    owned: true,
    high: "120",
    settled: "120",
    catchingUp: false,
    paused: null,
    ...changes,
  };
}

export function createFakeApi(listed: readonly RunListing[] = []): FakeApi {
  const api: FakeApi = {
    listed,
    failure: null,
    accessAnswer: { name: "owner", role: "admin", tenants: null },
    healthAnswer: healthOf(),
    partitionsAnswer: [],
    questions: { count: 0 },
    runs: async (query, etag) => {
      api.questions.count += 1;
      if (api.failure) throw api.failure;
      return answerOf(api.listed, query, etag);
    },
    access: async () => api.accessAnswer,
    health: async () => {
      if (api.failure) throw api.failure;
      return api.healthAnswer;
    },
    partitions: async () => {
      if (api.failure) throw api.failure;
      return api.partitionsAnswer;
    },
    exportRun: async () => new Blob([]),
  };
  return api;
}

function answerOf(
  listed: readonly RunListing[],
  query: Parameters<GatewayApi["runs"]>[0],
  etag: string | null,
): RunsAnswer | "unchanged" {
  const found = listed.filter(
    (run) =>
      (!query.status || run.status === query.status) &&
      (!query.graph || run.graphName === query.graph) &&
      `${run.runId} ${run.graphName} ${run.threadId}`.includes(query.text ?? ""),
  );
  const version = JSON.stringify(found);
  if (version === etag) return "unchanged";
  const from = Number(query.before ?? 0);
  const to = from + (query.limit ?? 100);
  return { runs: found.slice(from, to), next: to < found.length ? String(to) : null, etag: version };
}

interface FakeServicesOptions {
  readonly engine?: FakeEngine;
  readonly api?: FakeApi;
  readonly operations?: FakeOperations;
}

export function createFakeServices(options: FakeServicesOptions = {}): FakeServices {
  const kept = new Map<string, string>();
  const clipboard: string[] = [];
  let nowMs = STARTED_US / 1000 + 20_000;
  let token: string | null = "token";
  return {
    engine: options.engine ?? createFakeEngine(),
    api: options.api ?? createFakeApi(),
    history: createFakeHistory(),
    operations: options.operations ?? createFakeOperations(),
    clipboard,
    setNowMs: (next) => {
      nowMs = next;
    },
    storage: {
      get: (name) => kept.get(name) ?? null,
      set: (name, value) => void (value === null ? kept.delete(name) : kept.set(name, value)),
    },
    token: {
      get current() {
        return token;
      },
      set: (next) => {
        token = next;
      },
    },
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    copyText: async (text) => clipboard.push(text) > 0,
  };
}

export const unreachable = new GatewayError("the gateway cannot be reached", null, "unreachable");
