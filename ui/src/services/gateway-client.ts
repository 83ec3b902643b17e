/** The gateway's HTTP API: requests with the token, answers checked, problems (RFC 9457) as errors for people. */

import {
  type GatewayApi,
  GatewayError,
  type GatewayHealth,
  type GatewayVersion,
  type HealthLevel,
  type PartitionDuties,
  type RunsAnswer,
  type RunsQuery,
} from "../stores/gateway-api";
import { AnswerError, AnswerReader } from "./answer-reader";
import { readRunListing } from "./run-listing";

const LEVELS: readonly HealthLevel[] = ["ok", "degraded", "failed"];
const RETAINED: readonly GatewayHealth["retained"][] = ["none", "working", "failing"];

export interface GatewayClientOptions {
  /** Address without a path, such as "http://127.0.0.1:8765". */
  readonly apiUrl: string;
  readonly token: () => string | null;
  readonly fetch: typeof fetch;
}

export class GatewayClient implements GatewayApi {
  constructor(private readonly options: GatewayClientOptions) {}

  async runs(query: RunsQuery, etag: string | null, signal: AbortSignal): Promise<RunsAnswer | "unchanged"> {
    const headers: Record<string, string> = etag === null ? {} : { "If-None-Match": etag };
    const response = await this.#get(`/api/v1/runs${searchOf(query)}`, signal, headers);
    if (response.status === 304) return "unchanged";
    const answer = await read(response, "runs");
    return checked(() => ({
      runs: answer.list("runs", readRunListing),
      next: answer.maybeText("next"),
      etag: response.headers.get("ETag"),
    }));
  }

  async version(signal: AbortSignal): Promise<GatewayVersion> {
    const answer = await read(await this.#get("/api/v1/version", signal), "version");
    return checked(() => ({
      version: answer.text("version"),
      instance: answer.text("instance"),
      schemaVersion: answer.number("schema_version"),
      topic: answer.text("topic"),
      epoch: answer.text("epoch"),
      partitions: answer.number("partitions"),
      maxRecordBytes: answer.number("max_record_bytes"),
      maxBodyBytes: answer.number("max_body_bytes"),
    }));
  }

  async health(signal: AbortSignal): Promise<GatewayHealth> {
    const answer = await read(await this.#get("/api/v1/health", signal), "health");
    return checked(() => ({
      level: answer.choice("level", LEVELS),
      reasons: answer.list("reasons", (value) => {
        const reason = new AnswerReader(value, "reason");
        return {
          check: reason.text("check"),
          level: reason.choice("level", LEVELS),
          message: reason.text("message"),
        };
      }),
      unknown: answer.list("unknown", String),
      windowS: answer.number("window_s"),
      retained: answer.choice("retained", RETAINED),
      deadLetters: readLetterCounts(answer.raw("dead_letters")),
    }));
  }

  async partitions(signal: AbortSignal): Promise<readonly PartitionDuties[]> {
    const answer = await read(await this.#get("/api/v1/partitions", signal), "partitions");
    return checked(() => answer.list("partitions", readPartition));
  }

  async exportRun(runId: string, signal: AbortSignal): Promise<Blob> {
    const response = await this.#get(`/api/v1/runs/${encodeURIComponent(runId)}/export`, signal);
    return response.blob();
  }

  async #get(path: string, signal: AbortSignal, headers: Record<string, string> = {}): Promise<Response> {
    const token = this.options.token();
    const authorization = token === null ? {} : { Authorization: `Bearer ${token}` };
    let response: Response;
    try {
      // The page keeps the ETag itself; the browser's cache would answer 304 with the body it has.
      response = await this.options.fetch(this.options.apiUrl + path, {
        signal,
        headers: { Accept: "application/json", ...authorization, ...headers },
        cache: "no-store",
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new GatewayError(`The gateway cannot be reached (${messageOf(error)})`, null, "unreachable");
    }
    if (response.ok || response.status === 304) return response;
    throw await problemOf(response);
  }
}

function searchOf(query: RunsQuery): string {
  const search = new URLSearchParams();
  if (query.status !== undefined) search.set("status", query.status);
  if (query.graph) search.set("graph", query.graph);
  if (query.thread) search.set("thread", query.thread);
  if (query.text) search.set("q", query.text);
  if (query.limit !== undefined) search.set("limit", String(query.limit));
  if (query.before !== undefined) search.set("before", query.before);
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function readLetterCounts(value: unknown): GatewayHealth["deadLetters"] {
  const counts = new AnswerReader(value, "dead letters");
  return {
    written: counts.maybeNumber("written"),
    waiting: counts.maybeNumber("waiting"),
    lostRecently: counts.maybeNumber("lost_recently"),
  };
}

function readPartition(value: unknown): PartitionDuties {
  const row = new AnswerReader(value, "partition");
  const owned = row.flag("owned");
  return {
    partition: row.number("partition"),
    owned,
    high: row.integer("high"),
    settled: row.maybeInteger("settled"),
    catchingUp: owned && row.flag("catching_up"),
    paused: row.raw("paused") === null ? null : readPause(row.raw("paused")),
  };
}

function readPause(value: unknown): PartitionDuties["paused"] {
  const pause = new AnswerReader(value, "pause");
  return { offset: pause.integer("offset"), reason: pause.text("reason"), sinceUs: pause.us("since_us") };
}

async function read(response: Response, where: string): Promise<AnswerReader> {
  const text = await response.text();
  return checked(() => new AnswerReader(parse(text), where));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AnswerError("the answer is not JSON");
  }
}

function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    throw new GatewayError(`The gateway's answer is not understood: ${error.message}`, null, "bad_answer");
  }
}

/** The error of a problem document; of the bare status where there is none. */
async function problemOf(response: Response): Promise<GatewayError> {
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfterMs = Number.isFinite(retryAfter) ? retryAfter * 1000 : null;
  try {
    const problem = new AnswerReader(JSON.parse(await response.text()), "problem");
    return new GatewayError(problem.text("detail"), response.status, problem.text("code"), retryAfterMs);
  } catch {
    const message = `The gateway answered ${response.status}`;
    return new GatewayError(message, response.status, `status_${response.status}`, retryAfterMs);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
