/**
 * The summary of a run, folded item by item; the same rules as the gateway's list of runs: what comes after the end
 * is counted, but the end stays; what is not known stays absent, never zero.
 */

import { Error_Severity, type Event, EventType, ToolExecution_Stage } from "../protocol/gen/dashstream_pb";
import { countAttribute, textAttribute } from "./attributes";
import type { InterruptInfo, LossInfo, RunErrorInfo, RunStatus, RunSummary, RunWarning } from "./frame";
import { type Item, nodeIdOf } from "./items";
import { lossKind, lossReason, runStatus } from "./kinds";

export const ERRORS_SHOWN = 50;
export const WARNINGS_SHOWN = 50;
export const LOSSES_SHOWN = 100;
/** A run ends at its first interrupt, so more than a few means a broken producer. */
const MAX_INTERRUPTS = 100;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Facts = Mutable<Omit<RunSummary, "errors" | "warnings" | "interrupts" | "namespaces" | "durationUs">>;

export class SummaryFold {
  readonly losses: LossInfo[] = [];
  hasStart = false;
  readonly #facts: Facts;
  readonly #errors: RunErrorInfo[] = [];
  readonly #warnings: RunWarning[] = [];
  readonly #interrupts: InterruptInfo[] = [];

  /** A run at first sight. */
  constructor(runId: string, item: Item, timestampUs: number) {
    const { threadId, tenantId, producerId } = item.header;
    this.#facts = {
      ...UNKNOWN,
      runId,
      threadId,
      tenantId,
      startedUs: timestampUs,
      producerId: producerId || null,
    };
  }

  get status(): RunStatus {
    return this.#facts.status;
  }

  get isOver(): boolean {
    return this.#facts.endedUs !== null;
  }

  get startedUs(): number {
    return this.#facts.startedUs ?? 0;
  }

  get lastUs(): number {
    return this.#facts.lastUs ?? 0;
  }

  get records(): number {
    return this.#facts.records;
  }

  /** Take in an item; `step` is the one that is current when it happened. */
  apply(item: Item, timestampUs: number, step: number | null): void {
    const facts = this.#facts;
    const { message, header } = item;
    facts.records += 1;
    facts.lastUs = Math.max(facts.lastUs ?? timestampUs, timestampUs);
    facts.graphId ??= header.graphId || null;
    facts.producerId = header.producerId || facts.producerId;
    const isRoot = header.checkpointNs === "";
    switch (message.case) {
      case "event":
        return this.#event(item, message.value, timestampUs, step);
      case "toolExecution":
        if (message.value.stage === ToolExecution_Stage.STARTED) facts.toolCalls += 1;
        return;
      case "stateDiff":
        if (isRoot) facts.supersteps += 1;
        return;
      case "checkpoint":
        if (isRoot && message.value.isTransition && message.value.chunkIndex === 0) facts.supersteps += 1;
        return;
      case "error":
        if (message.value.severity >= Error_Severity.ERROR) this.#error(item, step);
        return;
      case "loss":
        return this.#loss(item, step);
      case "graphSchema":
        facts.graphId = message.value.graphId || facts.graphId;
        facts.graphName ||= message.value.name;
        return;
    }
  }

  view(namespaces: readonly string[]): RunSummary {
    const facts = this.#facts;
    const isTimed = facts.endedUs !== null && facts.startedUs !== null && this.hasStart;
    return {
      ...facts,
      durationUs: isTimed ? Math.max(0, (facts.endedUs as number) - (facts.startedUs as number)) : null,
      errors: this.#errors.slice(-ERRORS_SHOWN),
      warnings: this.#warnings.slice(-WARNINGS_SHOWN),
      interrupts: this.#interrupts,
      namespaces,
    };
  }

  #event(item: Item, event: Event, timestampUs: number, step: number | null): void {
    const facts = this.#facts;
    const isRoot = item.header.checkpointNs === "";
    switch (event.eventType) {
      case EventType.GRAPH_START:
        if (isRoot && !this.hasStart) this.#start(event, timestampUs);
        return;
      case EventType.GRAPH_END:
      case EventType.GRAPH_ERROR:
        if (isRoot && facts.endedUs === null) this.#end(event, timestampUs);
        return;
      case EventType.NODE_START:
        if (item.header.attempt <= 1) facts.nodeExecutions += 1;
        return;
      case EventType.LLM_START:
        facts.llmCalls += 1;
        return;
      case EventType.LLM_END:
        facts.promptTokens += countOf(event, "llm.prompt_tokens");
        facts.completionTokens += countOf(event, "llm.completion_tokens");
        return;
      case EventType.HUMAN_INTERRUPT:
        return this.#interrupt(item, event, step);
      case EventType.HUMAN_RESUME:
        facts.resumeValue = textAttribute(event, "resume.value");
        return;
      case EventType.NODE_WARNING:
        return this.#warning(item, event);
    }
  }

  #start(event: Event, timestampUs: number): void {
    const facts = this.#facts;
    this.hasStart = true;
    facts.startedUs = timestampUs;
    facts.graphName = textAttribute(event, "graph.name") || facts.graphName;
    facts.program = textAttribute(event, "program");
    facts.resumes = textAttribute(event, "resumes");
    facts.framework = textAttribute(event, "framework");
    facts.frameworkVersion = textAttribute(event, "framework.version");
    facts.sdkVersion = textAttribute(event, "sdk.version");
    facts.pid = textAttribute(event, "pid");
    facts.input = textAttribute(event, "input");
    facts.truthReason = textAttribute(event, "truth.reason");
    const edges = textAttribute(event, "truth.edges");
    facts.truthEdges = edges === "observed" || edges === "reduced" ? edges : "unknown";
  }

  #end(event: Event, timestampUs: number): void {
    const facts = this.#facts;
    facts.endedUs = timestampUs;
    facts.status = runStatus(event.runStatus, event.eventType === EventType.GRAPH_ERROR);
    facts.dropped = Math.max(facts.dropped, countOf(event, "dropped"));
    facts.observerUs = countAttribute(event, "observer.us");
  }

  #interrupt(item: Item, event: Event, step: number | null): void {
    if (this.#interrupts.length >= MAX_INTERRUPTS) return;
    const when = textAttribute(event, "interrupt.when") ?? "inside";
    this.#interrupts.push({
      id: textAttribute(event, "interrupt.id") ?? "",
      nodeId: nodeIdOf(item) || null,
      value: textAttribute(event, "interrupt.value") ?? "null",
      when: when === "before" || when === "after" || when === "inside" ? when : "unknown",
      sequence: String(item.header.sequence),
      step,
    });
  }

  #warning(item: Item, event: Event): void {
    this.#warnings.push({
      sequence: String(item.header.sequence),
      nodeId: nodeIdOf(item) || null,
      code: textAttribute(event, "code") ?? "",
      message: textAttribute(event, "message") ?? "",
    });
    if (this.#warnings.length > 2 * WARNINGS_SHOWN) this.#warnings.splice(0, WARNINGS_SHOWN);
  }

  #error(item: Item, step: number | null): void {
    if (item.message.case !== "error") return;
    const { exceptionType, message, stackTrace, errorCode } = item.message.value;
    this.#facts.errorCount += 1;
    this.#errors.push({
      sequence: String(item.header.sequence),
      step,
      nodeId: nodeIdOf(item) || null,
      type: exceptionType || errorCode || "Error",
      message,
      stack: stackTrace || null,
    });
    if (this.#errors.length > 2 * ERRORS_SHOWN) this.#errors.splice(0, ERRORS_SHOWN);
  }

  #loss(item: Item, step: number | null): void {
    if (item.message.case !== "loss") return;
    for (const lost of item.message.value.items) {
      const count = Number(lost.count);
      this.#facts.dropped += count;
      if (this.losses.length >= LOSSES_SHOWN) continue;
      this.losses.push({
        sequence: String(item.header.sequence),
        step,
        kind: lossKind(lost.type),
        reason: lossReason(lost.reason),
        count,
        firstUs: Number(lost.firstTimestampUs) || null,
        lastUs: Number(lost.lastTimestampUs) || null,
      });
    }
  }
}

/** What a producer claims; a claim cannot lower a total. */
function countOf(event: Event, name: string): number {
  return Math.max(0, countAttribute(event, name) ?? 0);
}

const UNKNOWN: Facts = {
  runId: "",
  threadId: "",
  tenantId: "",
  graphId: null,
  graphName: "",
  status: "running",
  startedUs: null,
  endedUs: null,
  lastUs: null,
  supersteps: 0,
  records: 0,
  nodeExecutions: 0,
  llmCalls: 0,
  toolCalls: 0,
  promptTokens: 0,
  completionTokens: 0,
  errorCount: 0,
  resumes: null,
  resumeValue: null,
  framework: null,
  frameworkVersion: null,
  sdkVersion: null,
  program: null,
  pid: null,
  producerId: null,
  truthEdges: "unknown",
  truthReason: null,
  input: null,
  dropped: 0,
  observerUs: null,
};
