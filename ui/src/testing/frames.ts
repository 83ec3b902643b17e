/** Frames for tests and the gallery: a healthy one, and how to vary it. */

import type { ConnectionStatus, IntakeHealth, Receipt, RunFrame, RunSummary } from "../model/frame";

export const STARTED_US = 1_767_225_600_000_000;

export function connectionOf(changes: Partial<ConnectionStatus> = {}): ConnectionStatus {
  return {
    phase: "live",
    attempt: 0,
    retryInMs: null,
    reason: null,
    remedy: null,
    expiresInMs: null,
    isTokenRefused: false,
    serverVersion: "0.1.0",
    instance: "gateway-1",
    source: "gateway",
    ...changes,
  };
}

export function receiptOf(changes: Partial<Receipt> = {}): Receipt {
  return {
    received: 12_481,
    total: 12_481,
    complete: true,
    gaps: [],
    missing: 0,
    duplicates: 0,
    undecodable: 0,
    undecodables: [],
    verifiedSteps: 8,
    steps: 8,
    verification: "verified",
    verifiedThrough: 7,
    losses: [],
    ...changes,
  };
}

export function intakeOf(changes: Partial<IntakeHealth> = {}): IntakeHealth {
  return {
    level: "healthy",
    pendingRecords: 0,
    pendingBytes: 0,
    averageMs: 2.4,
    maximumMs: 11,
    recordsPerSecond: 126,
    ...changes,
  };
}

export function summaryOf(changes: Partial<RunSummary> = {}): RunSummary {
  return {
    runId: "run-7f3a91c2e4",
    threadId: "thread-42",
    tenantId: "",
    graphId: "9f86d081884c7d65",
    graphName: "report_writer",
    status: "ok",
    startedUs: STARTED_US,
    endedUs: STARTED_US + 14_200_000,
    durationUs: 14_200_000,
    lastUs: STARTED_US + 14_200_000,
    supersteps: 7,
    records: 12_481,
    nodeExecutions: 9,
    llmCalls: 5,
    toolCalls: 3,
    promptTokens: 5_310,
    completionTokens: 1_204,
    errors: [],
    errorCount: 0,
    warnings: [],
    interrupts: [],
    resumes: null,
    resumeValue: null,
    framework: "langgraph",
    frameworkVersion: "1.0.3",
    sdkVersion: "0.1.0",
    program: "writer.py",
    pid: "4121",
    producerId: "producer-1",
    truthEdges: "observed",
    truthReason: null,
    input: '{"topic":"tides"}',
    dropped: 0,
    observerUs: 5_200,
    namespaces: [""],
    ...changes,
  };
}

export function frameOf(changes: Partial<RunFrame> = {}): RunFrame {
  return {
    revision: 1,
    openId: "run-7f3a91c2e4",
    connection: connectionOf(),
    mismatch: null,
    receipt: receiptOf(),
    intake: intakeOf(),
    run: summaryOf(),
    steps: 8,
    markers: [],
    lastSequence: "96",
    unread: null,
    horizon: null,
    notices: [],
    ...changes,
  };
}
