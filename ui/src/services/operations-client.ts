/** Dead letters and observed schemas over HTTP. */

import {
  type DeadLetter,
  type LettersAnswer,
  type LettersQuery,
  type ObservedSchema,
  type OperationsApi,
  PAYLOAD_STATES,
  type Redrive,
} from "../stores/operations-api";
import { AnswerReader } from "./answer-reader";
import { checked, fieldsOf, type GatewayHttp, queryText } from "./gateway-http";

const LETTERS = "/api/v1/dead-letters";

export class OperationsClient implements OperationsApi {
  constructor(private readonly http: GatewayHttp) {}

  async deadLetters({ reason, limit, before }: LettersQuery, signal: AbortSignal): Promise<LettersAnswer> {
    const path = `${LETTERS}${queryText({ reason, limit, before })}`;
    const answer = await fieldsOf(await this.http.ask(path, signal), "dead letters");
    return checked(() => ({
      letters: answer.list("dead_letters", (value) => readLetter(new AnswerReader(value, "dead letter"))),
      next: answer.maybeText("next"),
      known: answer.number("known"),
    }));
  }

  async deadLetter(id: string, signal: AbortSignal): Promise<DeadLetter> {
    const answer = await fieldsOf(await this.http.ask(letterPath(id), signal), "dead letter");
    return checked(() => readLetter(answer));
  }

  async redrive(id: string, signal: AbortSignal): Promise<Redrive> {
    const response = await this.http.ask(`${letterPath(id)}/redrive`, signal, { method: "POST" });
    const answer = await fieldsOf(response, "redrive");
    return checked(() => readRedrive(answer));
  }

  async schemas(signal: AbortSignal): Promise<readonly ObservedSchema[]> {
    const answer = await fieldsOf(await this.http.ask("/api/v1/schemas", signal), "schemas");
    return checked(() => answer.list("schemas", readSchema));
  }
}

const letterPath = (id: string): string => `${LETTERS}/${encodeURIComponent(id)}`;

function readLetter(letter: AnswerReader): DeadLetter {
  return {
    id: letter.text("id"),
    topic: letter.text("topic"),
    epoch: letter.text("epoch"),
    partition: letter.number("partition"),
    offset: letter.integer("offset"),
    reason: letter.text("reason"),
    size: letter.number("size"),
    sha256: letter.text("sha256"),
    head: letter.text("head"),
    tail: letter.text("tail"),
    threadId: letter.text("thread_id"),
    tenantId: letter.text("tenant_id"),
    producerId: letter.text("producer_id"),
    timestampUs: letter.us("timestamp_us"),
    atUs: letter.us("at_us"),
    instance: letter.text("instance"),
    payloadState: letter.choice("payload_state", PAYLOAD_STATES),
    redriven: letter.list("redriven", (value) => readRedrive(new AnswerReader(value, "redrive"))),
  };
}

function readRedrive(redrive: AnswerReader): Redrive {
  return {
    atUs: redrive.us("at_us"),
    partition: redrive.number("partition"),
    offset: redrive.integer("offset"),
    instance: redrive.text("instance"),
  };
}

function readSchema(value: unknown): ObservedSchema {
  const schema = new AnswerReader(value, "schema");
  return {
    graphId: schema.text("graph_id"),
    name: schema.text("name"),
    nodes: schema.list("nodes", (item) => {
      const node = new AnswerReader(item, "node");
      return {
        id: node.text("id"),
        name: node.text("name"),
        kind: node.text("kind"),
        parent: node.text("parent"),
      };
    }),
    edges: schema.list("edges", (item) => {
      const edge = new AnswerReader(item, "edge");
      return {
        source: edge.text("source"),
        target: edge.text("target"),
        conditional: edge.flag("conditional"),
        label: edge.text("label"),
      };
    }),
    firstSeenUs: schema.us("first_seen_us"),
    lastSeenUs: schema.us("last_seen_us"),
    runs: schema.number("runs"),
  };
}
