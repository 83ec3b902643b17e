/**
 * Drives a session over a WebSocket: turns what happens into its inputs, its actions into deeds, and keeps its one
 * timer. What a connection says after another one was opened is left out by its generation.
 */

import { MAX_RECORD_BYTES } from "../model/run";
import { decodeDataFrame } from "../protocol/batch";
import { decompressBounded } from "../protocol/codec";
import type { Positions } from "../protocol/control";
import { Session } from "../protocol/session";
import type { Delivery, SessionAction, SessionOptions, SessionStatus } from "../protocol/session-types";
import type { Clock } from "./clock";
import type { OpenSocket, Socket } from "./socket";

/** What a compressed data frame may become: the largest record alone in it, with room for its neighbours. */
const MAX_FRAME_BYTES = MAX_RECORD_BYTES + 1024 * 1024;

export interface LinkEvents {
  /** Delivery begins with full states of these steps, by run. */
  numbered?(steps: ReadonlyMap<string, bigint>): void;
  delivered(delivery: Delivery, generation: number, bytes: number): void;
  /** What was received and is not applied is void. */
  discarded(): void;
  /** Delivery starts over: forget what was applied. */
  restarted(cause: "epoch_changed" | "cursor_refused"): void;
  /** The status may have changed. */
  moved(): void;
}

export interface LinkOptions {
  readonly url: string;
  readonly session: SessionOptions;
  readonly clock: Clock;
  readonly openSocket: OpenSocket;
}

export class GatewayLink {
  readonly #session: Session;
  #socket: Socket | null = null;
  #disarm: (() => void) | null = null;
  #armedFor = 0;
  #frameBytes = 0;

  constructor(
    private readonly options: LinkOptions,
    private readonly events: LinkEvents,
  ) {
    this.#session = new Session(options.session);
  }

  get status(): SessionStatus {
    return this.#session.status;
  }

  connect(): void {
    this.#input((session, now) => session.connect(now));
  }

  /** Use another token from now on, without losing the place. */
  renew(token: string | null): void {
    this.#input((session, now) => session.renew(token, now));
  }

  /** Leave for good; nothing is told afterwards. */
  stop(): void {
    this.#session.stop();
    for (const action of this.#session.takeActions()) if (action.kind === "close") this.#close(action);
    this.#disarm?.();
    this.#disarm = null;
  }

  /** Everything below these next offsets is applied, `records` of them records. */
  applied(positions: Positions, records: number): void {
    this.#input((session) => session.applied(positions, records));
  }

  caughtUp(generation: number): void {
    this.#input((session, now) => session.caughtUp(generation, now));
  }

  fellBehind(cause: string): void {
    this.#input((session, now) => session.fellBehind(cause, now));
  }

  mismatch(cause: string): void {
    this.#input((session, now) => session.mismatch(cause, now));
  }

  resolveMismatch(): void {
    this.#input((session, now) => session.resolveMismatch(now));
  }

  #input(give: (session: Session, now: number) => void): void {
    give(this.#session, this.options.clock.nowMs());
    for (
      let actions = this.#session.takeActions();
      actions.length > 0;
      actions = this.#session.takeActions()
    ) {
      for (const action of actions) this.#act(action);
    }
    this.#arm();
    this.events.moved();
  }

  #act(action: SessionAction): void {
    switch (action.kind) {
      case "open":
        return this.#open();
      case "send":
        return this.#socket?.send(action.text);
      case "close":
        return this.#close(action);
      case "deliver": {
        const bytes = this.#frameBytes;
        this.#frameBytes = 0;
        return this.events.delivered(action.delivery, this.#session.generation, bytes);
      }
      case "numbered":
        return this.events.numbered?.(action.steps);
      case "restart":
        return this.events.restarted(action.cause);
      case "discard":
        return this.events.discarded();
    }
  }

  #open(): void {
    const generation = this.#session.generation;
    this.#socket = this.options.openSocket(this.options.url, {
      opened: () => this.#input((session, now) => session.opened(generation, now)),
      closed: (code, reason) => this.#input((session, now) => session.closed(generation, code, reason, now)),
      text: (text) => this.#input((session, now) => session.textReceived(generation, text, now)),
      binary: (bytes) => this.#binary(generation, bytes),
    });
  }

  #binary(generation: number, bytes: Uint8Array): void {
    this.#input((session, now) => {
      this.#frameBytes = bytes.length;
      try {
        const frame = decodeDataFrame(bytes, (entries) => decompressBounded(entries, MAX_FRAME_BYTES));
        session.dataReceived(generation, frame, now);
      } catch (error) {
        session.damaged(generation, error instanceof Error ? error.message : String(error), now);
      }
    });
  }

  #close(action: Extract<SessionAction, { kind: "close" }>): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(action.code, action.reason);
  }

  /** Every frame puts the deadline off: a timer that is early asks again, which costs less than one for each frame. */
  #arm(): void {
    const { deadline } = this.#session;
    if (deadline !== null && this.#disarm !== null && this.#armedFor <= deadline) return;
    this.#disarm?.();
    this.#disarm = null;
    if (deadline === null) return;
    this.#armedFor = deadline;
    this.#disarm = this.options.clock.after(Math.max(0, deadline - this.options.clock.nowMs()), () => {
      this.#disarm = null;
      this.#input((session, now) => session.tick(now));
    });
  }
}
