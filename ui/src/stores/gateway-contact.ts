/** Whether the gateway answers over HTTP, as the last question to it showed. */

import { createStore } from "zustand/vanilla";

export interface GatewayContact {
  readonly state: "unknown" | "answering" | "refusing" | "unreachable";
  readonly reason: string | null;
}

export const gatewayContact = createStore<GatewayContact>(() => ({ state: "unknown", reason: null }));

export function noteAnswer(): void {
  if (gatewayContact.getState().state !== "answering")
    gatewayContact.setState({ state: "answering", reason: null });
}

/** Note a failed question: one that was answered with a refusal, or not at all. */
export function noteFailure(failure: { readonly status: number | null; readonly message: string }): void {
  const state = failure.status === 401 || failure.status === 403 ? "refusing" : "unreachable";
  gatewayContact.setState({ state, reason: failure.message });
}
