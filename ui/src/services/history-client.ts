/** A run's past over HTTP. */

import { isObject, type JsonValue, parseJson } from "../protocol/json";
import type { HistoryApi, HistoryPage, HistoryStep } from "../stores/history-api";
import { AnswerError, AnswerReader } from "./answer-reader";
import { checked, fieldsOf, type GatewayHttp, queryText } from "./gateway-http";

const PAGE = 500;

interface Event {
  readonly kind: string;
  readonly type: string;
  readonly sequence: string;
  readonly superstep: string | null;
  readonly nodeId: string;
  readonly data: AnswerReader | null;
}

export class HistoryClient implements HistoryApi {
  constructor(private readonly http: GatewayHttp) {}

  async steps(runId: string, from: string | null, signal: AbortSignal): Promise<HistoryPage> {
    const { events, next } = await this.#events(runId, from, "state_diff,checkpoint", signal);
    return checked(() => ({ steps: events.flatMap(readStep), next }));
  }

  async nodes(runId: string, from: string, to: string, signal: AbortSignal): Promise<readonly string[]> {
    const { events } = await this.#events(runId, from, "event", signal);
    const started = events.filter(
      ({ type, sequence }) => type === "NODE_START" && BigInt(sequence) <= BigInt(to),
    );
    return [...new Set(started.map(({ nodeId }) => nodeId))];
  }

  async state(runId: string, sequence: string, signal: AbortSignal): Promise<JsonValue> {
    const path = `/api/v1/runs/${encodeURIComponent(runId)}/state${queryText({ seq: sequence })}`;
    const text = await (await this.http.ask(path, signal)).text();
    return checked(() => readState(text));
  }

  async #events(runId: string, from: string | null, kinds: string, signal: AbortSignal) {
    const query = queryText({ from_seq: from ?? undefined, kinds, limit: PAGE });
    const response = await this.http.ask(`/api/v1/runs/${encodeURIComponent(runId)}/events${query}`, signal);
    const answer = await fieldsOf(response, "events");
    return checked(() => ({ events: answer.list("events", readEvent), next: answer.maybeText("next") }));
  }
}

function readEvent(value: unknown): Event {
  const event = new AnswerReader(value, "event");
  const data = event.raw("data");
  return {
    kind: event.text("kind"),
    type: event.text("type"),
    sequence: event.integer("sequence"),
    superstep: event.maybeInteger("superstep"),
    nodeId: event.text("node_id"),
    data: data === null || data === undefined ? null : new AnswerReader(data, "data"),
  };
}

/** Of a checkpoint in chunks, the last one completes it. */
function readStep({ kind, sequence, superstep, data }: Event): HistoryStep[] {
  if (data === null) return [];
  const checkpoint = kind === "checkpoint";
  if (checkpoint && data.number("chunk_index") < data.number("chunk_count") - 1) return [];
  const repeats = checkpoint && !data.flag("is_transition");
  return [{ sequence, superstep, hash: data.text("state_hash"), repeats }];
}

function readState(text: string): JsonValue {
  try {
    const answer = parseJson(text);
    if (isObject(answer) && answer.state !== undefined) return answer.state;
  } catch {
    // Told below, like an answer without a state.
  }
  throw new AnswerError("it holds no state");
}
