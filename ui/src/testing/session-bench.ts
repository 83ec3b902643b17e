/** A client session whose gateway, network and clock are played by a test. */

import { create } from "@bufbuild/protobuf";
import { type Entry, EntrySchema } from "../protocol/gen/dashstream_pb";
import { Session } from "../protocol/session";
import type { Delivery, SessionAction } from "../protocol/session-types";

const LIMITS = {
  max_frame_bytes: 65536,
  max_record_bytes: 1048576,
  max_batch_bytes: 262144,
  max_window_bytes: 8388608,
  max_subscriptions: 16,
  max_resume_partitions: 512,
  max_filter_values: 1000,
};

/** A record at an offset, `step` after the one before it. */
export function entry(offset: bigint, step = 1n, partition = 0): Entry {
  return create(EntrySchema, { partition, offset, step, value: new Uint8Array([0, 1]) });
}

/** A session with the other end of its connection played by the test. */
export class Bench {
  now = 1_000;
  readonly session: Session;
  readonly deliveries: Delivery[] = [];
  readonly sent: Record<string, unknown>[] = [];
  readonly closes: number[] = [];
  opens = 0;
  restarts: string[] = [];

  constructor(random = 0) {
    this.session = new Session({
      client: { name: "test", version: "1" },
      token: "secret",
      filter: { runs: ["r"] },
      startAt: () => ({ from: "earliest" }),
      schemaVersion: 1,
      windowBytes: 1 << 20,
      maxBatchBytes: 1 << 18,
      random: () => random,
    });
  }

  get phase(): string {
    return this.session.status.phase;
  }

  drain(): void {
    for (const action of this.session.takeActions()) this.#note(action);
  }

  connect(): void {
    this.session.connect(this.now);
    this.opened();
  }

  opened(): void {
    this.drain();
    this.session.opened(this.session.generation, this.now);
    this.drain();
  }

  text(frame: object): void {
    this.session.textReceived(this.session.generation, JSON.stringify(frame), this.now);
    this.drain();
  }

  welcome(epoch = "e1", schemaVersion = 1): void {
    this.text({
      type: "welcome",
      protocol: "dashstream.v2",
      server: { version: "0.1.0", instance: "i1" },
      epoch,
      topic: "t",
      partitions: [{ partition: 0, low: "0", high: "5" }],
      schema_version: schemaVersion,
      limits: LIMITS,
      session: "s",
    });
  }

  subscribed(start: Record<string, string> = { "0": "0" }, epoch = "e1"): void {
    this.text({ type: "subscribed", id: 1, epoch, start, mode: "earliest", tiers: [], window_bytes: 1 });
  }

  records(...entries: Entry[]): void {
    const frame = { subscription: 1, firstDelivery: 1n, entries };
    this.session.dataReceived(this.session.generation, frame, this.now);
    this.drain();
  }

  applied(next: bigint, records = 1): void {
    this.session.applied(new Map([[0, next]]), records);
    this.drain();
  }

  goLive(): void {
    this.connect();
    this.welcome();
    this.subscribed();
    this.session.caughtUp(this.session.generation, this.now);
    this.drain();
  }

  cut(code: number, reason = ""): void {
    this.session.closed(this.session.generation, code, reason, this.now);
    this.drain();
  }

  /** Let time pass until the planned attempt, which opens. */
  reopen(): void {
    this.now = this.session.deadline ?? Number.NaN;
    this.session.tick(this.now);
    this.opened();
  }

  lastSent(type: string): Record<string, unknown> | undefined {
    return this.sent.findLast((frame) => frame.type === type);
  }

  #note(action: SessionAction): void {
    if (action.kind === "open") this.opens += 1;
    else if (action.kind === "send") this.sent.push(JSON.parse(action.text));
    else if (action.kind === "close") this.closes.push(action.code);
    else if (action.kind === "deliver") this.deliveries.push(action.delivery);
    else if (action.kind === "restart") this.restarts.push(action.cause);
  }
}
