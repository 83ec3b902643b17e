/** A gateway's side of a WebSocket, in memory: says what a test tells it to say, in the real frames. */

import { create, toBinary } from "@bufbuild/protobuf";
import type { LogRecord } from "../model/run";
import { BatchSchema } from "../protocol/gen/dashstream_pb";
import type { OpenSocket, SocketEvents } from "../services/socket";

type Json = Readonly<Record<string, unknown>>;

const LIMITS = {
  max_frame_bytes: 65536,
  max_record_bytes: 1048576,
  max_batch_bytes: 262144,
  max_window_bytes: 8388608,
  max_subscriptions: 16,
  max_resume_partitions: 512,
  max_filter_values: 1000,
};

export class FakeConnection {
  readonly sent: Json[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;

  constructor(
    readonly url: string,
    readonly events: SocketEvents,
  ) {}

  say(frame: Json): void {
    this.events.text(JSON.stringify(frame));
  }

  /** The newest frame of a type that the page sent. */
  last(type: string): Json | undefined {
    return this.sent.findLast((frame) => frame.type === type);
  }

  /** Welcome the page and start its subscription; `start` by partition. */
  subscribe(
    start: Json,
    more: {
      epoch?: string;
      schemaVersion?: number;
      maxRecordBytes?: number;
      partitions?: readonly Json[];
      steps?: Json;
    } = {},
  ): void {
    const {
      epoch = "e1",
      schemaVersion = 1,
      maxRecordBytes = LIMITS.max_record_bytes,
      partitions = [],
      steps = {},
    } = more;
    this.events.opened();
    this.say({
      type: "welcome",
      protocol: "dashstream.v2",
      server: { version: "0.1.0", instance: "i-1" },
      epoch,
      topic: "dashstream",
      partitions,
      schema_version: schemaVersion,
      limits: { ...LIMITS, max_record_bytes: maxRecordBytes },
      session: "s",
    });
    this.say({
      type: "subscribed",
      id: 1,
      epoch,
      start,
      mode: "earliest",
      tiers: [],
      window_bytes: 1,
      steps,
    });
  }

  /** Deliver records as one data frame; each follows the one before it. */
  deliver(records: readonly LogRecord[]): void {
    const entries = records.map(({ partition, offset, value }) => ({
      $typeName: "dashstream.v1.Entry" as const,
      partition,
      offset,
      step: offset === 0n ? 0n : 1n,
      value,
    }));
    const batch = toBinary(BatchSchema, create(BatchSchema, { entries }));
    this.events.binary(Uint8Array.from([2, 0, 1, 0x10, 1, ...batch]));
  }

  replayed(positions: Json): void {
    this.say({ type: "replay_complete", id: 1, outcome: "complete", delivered: "0", gaps: 0, positions });
  }

  cut(): void {
    this.events.closed(1006, "");
  }
}

export class FakeGateway {
  readonly connections: FakeConnection[] = [];

  /** The newest connection. */
  get current(): FakeConnection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error("nobody has connected");
    return connection;
  }

  readonly open: OpenSocket = (url, events) => {
    const connection = new FakeConnection(url, events);
    this.connections.push(connection);
    return {
      send: (text) => void connection.sent.push(JSON.parse(text) as Json),
      close: (code, reason) => {
        connection.closed = { code, reason };
      },
    };
  };
}
