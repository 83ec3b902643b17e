/** Dead letters and schemas without a gateway: what a test sets is what the page gets. */

import { GatewayError } from "../stores/gateway-api";
import type { DeadLetter, ObservedSchema, OperationsApi, Redrive } from "../stores/operations-api";
import { STARTED_US } from "./frames";

export interface FakeOperations extends OperationsApi {
  letters: DeadLetter[];
  observed: readonly ObservedSchema[];
  failure: GatewayError | null;
  /** Ids of the letters that were sent again. */
  readonly sentAgain: string[];
}

export function letterOf(changes: Partial<DeadLetter> = {}): DeadLetter {
  const { epoch = "epoch-1", partition = 0, offset = "1041" } = changes;
  return {
    id: `${epoch}.${partition}.${offset}`,
    topic: "telemetry",
    epoch,
    partition,
    offset,
    reason: "decode",
    size: 4_096,
    sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    head: "00ffffffffffffffffffffffffffffff",
    tail: "ffffffffffffffffffffffffffffffff",
    threadId: "thread-42",
    tenantId: "",
    producerId: "producer-1",
    timestampUs: STARTED_US,
    atUs: STARTED_US + 40_000,
    instance: "gateway-1",
    payloadState: "complete",
    redriven: [],
    ...changes,
  };
}

export function schemaOf(changes: Partial<ObservedSchema> = {}): ObservedSchema {
  const node = (id: string, kind = "node") => ({ id, name: id, kind, parent: "" });
  const edge = (source: string, target: string, conditional = false) => ({
    source,
    target,
    conditional,
    label: "",
  });
  return {
    graphId: "9f86d081884c7d65",
    name: "report_writer",
    nodes: [node("__start__", "start"), node("write"), node("judge"), node("__end__", "end")],
    edges: [
      edge("__start__", "write"),
      edge("write", "judge"),
      edge("judge", "write", true),
      edge("judge", "__end__", true),
    ],
    firstSeenUs: STARTED_US - 86_400_000_000,
    lastSeenUs: STARTED_US,
    runs: 12,
    ...changes,
  };
}

export function createFakeOperations(): FakeOperations {
  const fake: FakeOperations = {
    letters: [],
    observed: [],
    failure: null,
    sentAgain: [],
    deadLetters: async ({ reason, limit = 100, before }) => {
      if (fake.failure) throw fake.failure;
      const found = fake.letters.filter((letter) => reason === undefined || letter.reason === reason);
      const from = before === undefined ? 0 : found.findIndex(({ id }) => id === before) + 1;
      const letters = found.slice(from, from + limit);
      const next = from + limit < found.length ? (letters.at(-1)?.id ?? null) : null;
      return { letters, next, known: fake.letters.length };
    },
    deadLetter: async (id) => {
      if (fake.failure) throw fake.failure;
      const letter = fake.letters.find((one) => one.id === id);
      if (!letter) throw new GatewayError(`there is no dead letter ${id}`, 404, "not_found");
      return letter;
    },
    redrive: async (id) => {
      if (fake.failure) throw fake.failure;
      fake.sentAgain.push(id);
      const redrive: Redrive = { atUs: STARTED_US, partition: 0, offset: "2000", instance: "gateway-1" };
      fake.letters = fake.letters.map((letter) =>
        letter.id === id ? { ...letter, redriven: [...letter.redriven, redrive] } : letter,
      );
      return redrive;
    },
    schemas: async () => {
      if (fake.failure) throw fake.failure;
      return fake.observed;
    },
  };
  return fake;
}
