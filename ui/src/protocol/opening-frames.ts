/** What a client says first: who it is, then what it wants from where on. */

import { type ClientFrame, type Positions, PROTOCOL, type Welcome, wirePositions } from "./control";
import type { SessionOptions } from "./session-types";

/** The one subscription of a connection. */
export const SUBSCRIPTION = 1;

export function helloFrame({ client, maxBatchBytes }: SessionOptions, token: string | null): ClientFrame {
  return {
    type: "hello",
    protocol: PROTOCOL,
    client,
    ...(token === null ? {} : { token }),
    max_batch_bytes: maxBatchBytes,
    compression: ["zstd"],
  };
}

/** From these next offsets on; from where a first subscription starts when there are none. */
export function subscribeFrame(
  { filter, startAt, windowBytes }: SessionOptions,
  welcome: Welcome,
  positions: Positions | null,
): ClientFrame {
  return {
    type: "subscribe",
    id: SUBSCRIPTION,
    filter,
    start:
      positions === null
        ? startAt(welcome)
        : { from: "cursor", epoch: welcome.epoch, positions: wirePositions(positions) },
    window_bytes: Math.min(windowBytes, welcome.limits.max_window_bytes),
  };
}
