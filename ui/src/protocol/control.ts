/**
 * Control frames of the client protocol `dashstream.v2`: JSON text, typed in both directions.
 *
 * Law 1: 64-bit numbers travel as canonical decimal strings.
 * Law 2: what a client sends is closed (an unknown field is refused); what a gateway sends is open (a client
 * ignores fields that it does not know).
 * Law 3: an offset is checked here once; past this module it is a bigint.
 *
 * The specification is docs/specs/client-protocol.md; vectors/control holds accepted and refused examples.
 */

export const PROTOCOL = "dashstream.v2";

/** A control frame that is not one; `reason` is `bad_frame` or `unknown_type`. */
export class ControlError extends Error {
  constructor(
    readonly reason: "bad_frame" | "unknown_type",
    message: string,
  ) {
    super(message.length > 200 ? `${message.slice(0, 199)}…` : message);
    this.name = "ControlError";
  }
}

/** Next offsets by partition, as they travel. */
export type WirePositions = Readonly<Record<string, string>>;

export interface Filter {
  readonly tenants?: readonly string[];
  readonly threads?: readonly string[];
  readonly runs?: readonly string[];
  readonly graphs?: readonly string[];
  readonly kinds?: readonly string[];
}

export type Start =
  | { readonly from: "earliest" | "latest" | "snapshot" }
  | { readonly from: "snapshot"; readonly step: string }
  | { readonly from: "snapshot"; readonly sequence: string }
  | { readonly from: "cursor"; readonly epoch: string; readonly positions: WirePositions };

export type ClientFrame =
  | {
      readonly type: "hello";
      readonly protocol: string;
      readonly client: { readonly name: string; readonly version: string };
      readonly token?: string;
      readonly max_batch_bytes?: number;
      readonly compression?: readonly string[];
    }
  | {
      readonly type: "subscribe";
      readonly id: number;
      readonly filter?: Filter;
      readonly start: Start;
      readonly strict?: boolean;
      readonly window_bytes?: number;
    }
  | { readonly type: "ack"; readonly id: number; readonly positions: WirePositions }
  | { readonly type: "unsubscribe"; readonly id: number }
  | { readonly type: "ping"; readonly t: number | string }
  | { readonly type: "auth"; readonly token: string };

export interface Limits {
  readonly max_frame_bytes: number;
  readonly max_record_bytes: number;
  readonly max_batch_bytes: number;
  readonly max_window_bytes: number;
  readonly max_subscriptions: number;
  readonly max_resume_partitions: number;
  readonly max_filter_values: number;
}

export interface Welcome {
  readonly type: "welcome";
  readonly protocol: string;
  readonly server: { readonly version: string; readonly instance: string };
  readonly epoch: string;
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly low: bigint; readonly high: bigint }[];
  readonly schemaVersion: number;
  readonly limits: Limits;
  readonly session: string;
  readonly compression: string | null;
}

/** Next offset of each partition. */
export type Positions = ReadonlyMap<number, bigint>;

export interface Subscribed {
  readonly type: "subscribed";
  readonly id: number;
  readonly epoch: string;
  readonly start: Positions;
  readonly mode: string;
  readonly tiers: readonly string[];
  readonly windowBytes: number;
  readonly ignored: number;
  /** Number of the step whose full state delivery begins with, by run. */
  readonly steps: ReadonlyMap<string, bigint>;
}

export interface Gap {
  readonly type: "gap";
  readonly id: number;
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly reason: string;
  readonly count: bigint | null;
}

export interface Progress {
  readonly type: "progress";
  readonly id: number;
  readonly positions: Positions;
}

export interface ReplayComplete {
  readonly type: "replay_complete";
  readonly id: number;
  readonly outcome: string;
  readonly delivered: bigint;
  readonly gaps: number;
  readonly positions: Positions;
}

export interface DeliveryState {
  readonly type: "state";
  readonly id: number;
  readonly state: string;
  readonly partition: number | null;
  readonly reason: string | null;
}

export interface ErrorFrame {
  readonly type: "error";
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly id: number | null;
}

export interface Closing {
  readonly type: "closing";
  readonly reason: string;
  readonly retryAfterMs: number;
}

/** The token expires after this time; without a newer one the connection ends a grace time later. */
export interface Expiring {
  readonly type: "expiring";
  readonly inMs: number;
}

export interface Pong {
  readonly type: "pong";
  readonly t: number | string;
}

export type ServerFrame =
  | Welcome
  | Subscribed
  | Gap
  | Progress
  | ReplayComplete
  | DeliveryState
  | ErrorFrame
  | Closing
  | Expiring
  | Pong;

/** The text of a frame that this client sends. */
export function encodeControl(frame: ClientFrame): string {
  return JSON.stringify(frame);
}

/** Positions as they travel. */
export function wirePositions(positions: Positions): WirePositions {
  const wire: Record<string, string> = {};
  for (const [partition, next] of positions) wire[String(partition)] = String(next);
  return wire;
}

/**
 * The frame that a gateway sent; unknown fields are ignored.
 *
 * @throws ControlError for anything else.
 */
export function decodeControl(text: string): ServerFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ControlError("bad_frame", "not JSON");
  }
  const fields = new Fields(value, "frame");
  const type = fields.text("type");
  const read = READERS[type];
  if (read === undefined) throw new ControlError("unknown_type", `no frame is called '${type}'`);
  return read(fields);
}

const READERS: Readonly<Record<string, ((fields: Fields) => ServerFrame) | undefined>> = {
  __proto__: null as never,
  welcome: readWelcome,
  subscribed: (fields) => ({
    type: "subscribed",
    id: fields.id(),
    epoch: fields.text("epoch"),
    start: fields.positions("start"),
    mode: fields.text("mode"),
    tiers: fields.list("tiers").map(String),
    windowBytes: fields.count("window_bytes"),
    ignored: fields.has("ignored") ? fields.list("ignored").length : 0,
    steps: fields.has("steps") ? fields.numbers("steps") : new Map(),
  }),
  gap: (fields) => ({
    type: "gap",
    id: fields.id(),
    partition: fields.count("partition"),
    from: fields.offset("from"),
    to: fields.offset("to"),
    reason: fields.text("reason"),
    count: fields.has("count") ? fields.offset("count") : null,
  }),
  progress: (fields) => ({ type: "progress", id: fields.id(), positions: fields.positions("positions") }),
  replay_complete: (fields) => ({
    type: "replay_complete",
    id: fields.id(),
    outcome: fields.text("outcome"),
    delivered: fields.offset("delivered"),
    gaps: fields.count("gaps"),
    positions: fields.positions("positions"),
  }),
  state: (fields) => ({
    type: "state",
    id: fields.id(),
    state: fields.text("state"),
    partition: fields.has("partition") ? fields.count("partition") : null,
    reason: fields.has("reason") ? fields.text("reason") : null,
  }),
  error: (fields) => ({
    type: "error",
    code: fields.text("code"),
    message: fields.text("message"),
    retryable: fields.flag("retryable"),
    id: fields.has("id") ? fields.id() : null,
  }),
  closing: (fields) => ({
    type: "closing",
    reason: fields.text("reason"),
    retryAfterMs: fields.count("retry_after_ms"),
  }),
  expiring: (fields) => ({ type: "expiring", inMs: fields.count("in_ms") }),
  pong: (fields) => ({ type: "pong", t: fields.numberOrText("t") }),
};

function readWelcome(fields: Fields): Welcome {
  const server = fields.object("server");
  const limits = fields.object("limits");
  return {
    type: "welcome",
    protocol: fields.text("protocol"),
    server: { version: server.text("version"), instance: server.text("instance") },
    epoch: fields.text("epoch"),
    topic: fields.text("topic"),
    partitions: fields.list("partitions").map((entry) => {
      const range = new Fields(entry, "partitions");
      return { partition: range.count("partition"), low: range.offset("low"), high: range.offset("high") };
    }),
    schemaVersion: fields.count("schema_version"),
    limits: {
      max_frame_bytes: limits.count("max_frame_bytes"),
      max_record_bytes: limits.count("max_record_bytes"),
      max_batch_bytes: limits.count("max_batch_bytes"),
      max_window_bytes: limits.count("max_window_bytes"),
      max_subscriptions: limits.count("max_subscriptions"),
      max_resume_partitions: limits.count("max_resume_partitions"),
      max_filter_values: limits.count("max_filter_values"),
    },
    session: fields.text("session"),
    compression: fields.has("compression") ? fields.text("compression") : null,
  };
}

const OFFSET = /^(0|[1-9][0-9]{0,19})$/;

/** Checked access to the fields of one JSON object. */
class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    readonly where: string,
  ) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new ControlError("bad_frame", `${where} is not an object`);
    }
    this.#fields = value as Record<string, unknown>;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name) && this.#fields[name] !== null;
  }

  text(name: string): string {
    const value = this.#get(name);
    return typeof value === "string" ? value : this.#refuse(name, "text");
  }

  flag(name: string): boolean {
    const value = this.#get(name);
    return typeof value === "boolean" ? value : this.#refuse(name, "true or false");
  }

  numberOrText(name: string): number | string {
    const value = this.#get(name);
    return typeof value === "number" || typeof value === "string"
      ? value
      : this.#refuse(name, "a number or text");
  }

  /** A whole number from 0 that a double holds exactly. */
  count(name: string): number {
    const value = this.#get(name);
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
      ? value
      : this.#refuse(name, "a whole number");
  }

  id(): number {
    const id = this.count("id");
    return id >= 1 && id <= 0x7fff_ffff ? id : this.#refuse("id", "a subscription id");
  }

  offset(name: string): bigint {
    return this.#toOffset(name, this.#get(name));
  }

  positions(name: string): Positions {
    const positions = new Map<number, bigint>();
    const fields = this.object(name).#fields;
    for (const key of Object.keys(fields)) {
      positions.set(Number(this.#toOffset(name, key)), this.#toOffset(name, fields[key]));
    }
    return positions;
  }

  numbers(name: string): ReadonlyMap<string, bigint> {
    const fields = this.object(name);
    return new Map(Object.keys(fields.#fields).map((key) => [key, fields.offset(key)]));
  }

  list(name: string): readonly unknown[] {
    const value = this.#get(name);
    return Array.isArray(value) ? value : this.#refuse(name, "a list");
  }

  object(name: string): Fields {
    return new Fields(this.#get(name), name);
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  #toOffset(name: string, value: unknown): bigint {
    return typeof value === "string" && OFFSET.test(value)
      ? BigInt(value)
      : this.#refuse(name, "a canonical decimal");
  }

  #refuse(name: string, wanted: string): never {
    throw new ControlError("bad_frame", `${this.where}: '${name}' is not ${wanted}`);
  }
}
