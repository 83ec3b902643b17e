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

/** Note a failed question: one whose token does not count, or that was not answered. */
export function noteFailure(failure: { readonly status: number | null; readonly message: string }): void {
  if (failure.status === 403) return noteAnswer(); // the token counts, only not for this
  const state = failure.status === 401 ? "refusing" : "unreachable";
  gatewayContact.setState({ state, reason: failure.message });
}
