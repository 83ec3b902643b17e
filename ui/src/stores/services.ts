/** What the page needs from outside of itself, as one value that its root is given. */

import type { EngineApi } from "./engine";
import type { GatewayApi } from "./gateway-api";
import type { HistoryApi } from "./history-api";
import type { OperationsApi } from "./operations-api";

/** Preferences that outlive the page; where storage is blocked or full they live as long as the page. */
export interface PreferenceStorage {
  /** The text kept under a name; null when there is none. */
  get(name: string): string | null;
  /** Keep a text under a name; null removes it. Never throws. */
  set(name: string, value: string | null): void;
}

/** The token that the gateway asks for; kept for the tab, never in an address that could be shared. */
export interface TokenStore {
  readonly current: string | null;
  /** Use another token from now on: the engine reconnects with it. Null forgets it. */
  set(token: string | null): void;
}

export interface Services {
  readonly engine: EngineApi;
  readonly api: GatewayApi;
  readonly history: HistoryApi;
  readonly operations: OperationsApi;
  readonly storage: PreferenceStorage;
  readonly token: TokenStore;
  /** The present in milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds that never go back, from an arbitrary beginning: for windows of time. */
  monotonicMs(): number;
  /** Put text on the clipboard; false when the browser refuses. Never rejects. */
  copyText(text: string): Promise<boolean>;
}
