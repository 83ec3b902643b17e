/** The gateway's HTTP API as the page's watchers use it: runs, access, health, partitions, exports. */

import type {
  Access,
  GatewayApi,
  GatewayHealth,
  HealthLevel,
  PartitionDuties,
  PartitionPause,
  ProducerCounts,
  RunsAnswer,
  RunsQuery,
  ViewerCounts,
} from "../stores/gateway-api";
import { AnswerReader } from "./answer-reader";
import { checked, fieldsOf, type GatewayHttp, queryText } from "./gateway-http";
import { readRunListing } from "./run-listing";

const LEVELS: readonly HealthLevel[] = ["ok", "degraded", "failed"];
const RETAINED: readonly GatewayHealth["retained"][] = ["none", "working", "failing"];

export class GatewayClient implements GatewayApi {
  constructor(private readonly http: GatewayHttp) {}

  async runs(query: RunsQuery, etag: string | null, signal: AbortSignal): Promise<RunsAnswer | "unchanged"> {
    const headers: Record<string, string> = etag === null ? {} : { "If-None-Match": etag };
    const response = await this.http.ask(`/api/v1/runs${searchOf(query)}`, signal, { headers });
    if (response.status === 304) return "unchanged";
    const answer = await fieldsOf(response, "runs");
    return checked(() => ({
      runs: answer.list("runs", readRunListing),
      next: answer.maybeText("next"),
      etag: response.headers.get("ETag"),
    }));
  }

  async access(signal: AbortSignal): Promise<Access> {
    const answer = await fieldsOf(await this.http.ask("/api/v1/access", signal), "access");
    return checked(() => ({
      name: answer.text("name"),
      role: answer.text("role"),
      tenants: answer.raw("tenants") === null ? null : answer.list("tenants", String),
    }));
  }

  async health(signal: AbortSignal): Promise<GatewayHealth> {
    const answer = await fieldsOf(await this.http.ask("/api/v1/health", signal), "health");
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
      producers: orNull(answer.raw("producers"), readProducerCounts),
      viewers: orNull(answer.raw("viewers"), readViewerCounts),
      indexLag: answer.maybeNumber("index_lag"),
    }));
  }

  async partitions(signal: AbortSignal): Promise<readonly PartitionDuties[]> {
    const answer = await fieldsOf(await this.http.ask("/api/v1/partitions", signal), "partitions");
    return checked(() => answer.list("partitions", readPartition));
  }

  async exportRun(runId: string, signal: AbortSignal): Promise<Blob> {
    const response = await this.http.ask(`/api/v1/runs/${encodeURIComponent(runId)}/export`, signal);
    return response.blob();
  }
}

function searchOf({ status, graph, thread, text, limit, before }: RunsQuery): string {
  return queryText({ status, graph, thread, q: text, limit, before });
}

function readLetterCounts(value: unknown): GatewayHealth["deadLetters"] {
  const counts = new AnswerReader(value, "dead letters");
  return {
    written: counts.maybeNumber("written"),
    waiting: counts.maybeNumber("waiting"),
    lostRecently: counts.maybeNumber("lost_recently"),
  };
}

function readProducerCounts(value: unknown): ProducerCounts {
  const counts = new AnswerReader(value, "producers");
  return {
    accepted: counts.maybeNumber("accepted_recently"),
    rejected: counts.maybeNumber("rejected_recently"),
    overloaded: counts.maybeNumber("overloaded_recently"),
  };
}

function readViewerCounts(value: unknown): ViewerCounts {
  const counts = new AnswerReader(value, "viewers");
  return {
    connected: counts.maybeNumber("connected"),
    slow: counts.maybeNumber("slow"),
    applyLagS: counts.maybeNumber("apply_lag_s"),
  };
}

const orNull = <T>(value: unknown, read: (value: unknown) => T): T | null =>
  value === null ? null : read(value);

function readPartition(value: unknown): PartitionDuties {
  const row = new AnswerReader(value, "partition");
  const owned = row.flag("owned");
  return {
    partition: row.number("partition"),
    owned,
    high: row.integer("high"),
    settled: row.maybeInteger("settled"),
    catchingUp: owned && row.flag("catching_up"),
    paused: orNull(row.raw("paused"), readPause),
  };
}

function readPause(value: unknown): PartitionPause {
  const pause = new AnswerReader(value, "pause");
  return { offset: pause.integer("offset"), reason: pause.text("reason"), sinceUs: pause.us("since_us") };
}
