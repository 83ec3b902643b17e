/** What a frame says when nothing is known yet. */

import type { ConnectionStatus, IntakeHealth, Receipt, RunFrame } from "./frame";

export const NO_RECEIPT: Receipt = {
  received: 0,
  total: null,
  complete: false,
  gaps: [],
  missing: 0,
  duplicates: 0,
  undecodable: 0,
  undecodables: [],
  verifiedSteps: 0,
  steps: 0,
  verification: "pending",
  verifiedThrough: null,
  losses: [],
};

export const NO_CONNECTION: ConnectionStatus = {
  phase: "idle",
  attempt: 0,
  retryInMs: null,
  reason: null,
  remedy: null,
  expiresInMs: null,
  isTokenRefused: false,
  serverVersion: null,
  instance: null,
  source: "none",
};

export const NO_INTAKE: IntakeHealth = {
  level: "no_data",
  pendingRecords: 0,
  pendingBytes: 0,
  averageMs: null,
  maximumMs: null,
  recordsPerSecond: 0,
};

/** A frame of what was just opened, or of nothing. */
export function emptyFrame(openId: string | null): RunFrame {
  return {
    revision: 0,
    openId,
    connection: NO_CONNECTION,
    mismatch: null,
    receipt: NO_RECEIPT,
    intake: NO_INTAKE,
    run: null,
    steps: 0,
    markers: [],
    lastSequence: "0",
    unread: null,
    horizon: null,
    notices: [],
  };
}
