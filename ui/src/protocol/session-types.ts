/** What goes into and comes out of a client session (see `session.ts`). */

import type { ClientCloseCode } from "./close-codes";
import type { Filter, Gap, Positions, Start, Welcome } from "./control";
import type { Entry } from "./gen/dashstream_pb";
import type { ServerSeen } from "./server-seen";

export type SessionPhase =
  | "idle"
  | "connecting"
  | "subscribing"
  | "catching_up"
  | "live"
  | "falling_behind"
  | "mismatch"
  | "closed";

/** Something to take in, in this order. */
export type Delivery =
  | { readonly kind: "records"; readonly entries: readonly Entry[]; readonly duplicates: number }
  | { readonly kind: "gap"; readonly gap: Gap }
  | { readonly kind: "progress"; readonly positions: Positions }
  | { readonly kind: "replayed"; readonly outcome: string; readonly positions: Positions };

export type SessionAction =
  | { readonly kind: "open" }
  | { readonly kind: "send"; readonly text: string }
  | { readonly kind: "close"; readonly code: ClientCloseCode; readonly reason: string }
  | { readonly kind: "deliver"; readonly delivery: Delivery }
  /** Delivery begins with full states of these steps, by run. */
  | { readonly kind: "numbered"; readonly steps: ReadonlyMap<string, bigint> }
  /** Forget everything applied: delivery starts over. */
  | { readonly kind: "restart"; readonly cause: "epoch_changed" | "cursor_refused" }
  /** Received and not yet applied records of the ended connection are void. */
  | { readonly kind: "discard" };

export interface SessionOptions {
  readonly client: { readonly name: string; readonly version: string };
  readonly token: string | null;
  readonly filter: Filter;
  /** Where to start when there is no cursor. */
  readonly startAt: (welcome: Welcome) => Start;
  readonly schemaVersion: number;
  readonly windowBytes: number;
  readonly maxBatchBytes: number;
  readonly random: () => number;
}

export interface SessionStatus extends ServerSeen {
  readonly phase: SessionPhase;
  readonly attempt: number;
  readonly retryAtMs: number | null;
  readonly reason: string | null;
  readonly remedy: string | null;
  /** When the connection's token expires, by the session's time; null while the gateway did not say so. */
  readonly expiresAtMs: number | null;
  /** The session is closed, and another token would open it. */
  readonly isTokenRefused: boolean;
}
