/** The spans of a run, made from its items. */

import { EventType, ToolExecution_Stage } from "../protocol/gen/dashstream_pb";
import { flagAttribute, textAttribute } from "./attributes";
import { type Item, nodeIdOf } from "./items";
import { type SpanStart, type SpanStatus, Spans } from "./spans";

type EventItem = Extract<Item["message"], { case: "event" }>["value"];

export class RunSpans {
  readonly spans = new Spans();
  readonly #interrupted = new Set<string>();

  apply(row: number, item: Item, timestampUs: number, step: number | null): void {
    const { message } = item;
    if (message.case === "event") this.#event(row, item, message.value, timestampUs, step);
    else if (message.case === "toolExecution") {
      const { callId, toolName, stage, durationUs } = message.value;
      const start = this.#start(row, item, "tool", `tool ${callId}`, toolName, timestampUs, step);
      if (stage === ToolExecution_Stage.STARTED) this.spans.start(start);
      else if (stage === ToolExecution_Stage.COMPLETED) this.#end(start, Number(durationUs), "done");
      else if (stage === ToolExecution_Stage.FAILED) this.#end(start, Number(durationUs), "error");
    }
  }

  /** The run is over: what is still open was interrupted or stopped with it. */
  finish(row: number, timestampUs: number): void {
    const interrupted = [...this.#interrupted];
    this.spans.endAll(row, timestampUs, ({ nodeId }) => {
      const holds = (node: string) => node === nodeId || node.startsWith(`${nodeId}:`);
      return interrupted.some(holds) ? "interrupted" : "stopped";
    });
  }

  #event(row: number, item: Item, event: EventItem, timestampUs: number, step: number | null): void {
    const node = nodeIdOf(item);
    const { nodeExecutionId, attempt } = item.header;
    const nodeStart = () => {
      const id = `${nodeExecutionId || node}#${Math.max(1, attempt)}`;
      return this.#start(row, item, "node", id, node.slice(node.lastIndexOf(":") + 1), timestampUs, step);
    };
    const llmStart = () => {
      const name = textAttribute(event, "llm.model") ?? "model";
      return this.#start(row, item, "llm", `llm ${event.llmRequestId}`, name, timestampUs, step);
    };
    const durationUs = Number(event.durationUs);
    switch (event.eventType) {
      case EventType.NODE_START:
        return this.spans.start(nodeStart());
      case EventType.NODE_END:
        return this.#end(nodeStart(), durationUs, "done", flagAttribute(event, "cached"));
      case EventType.NODE_ERROR:
        return this.#end(nodeStart(), durationUs, "error");
      case EventType.HUMAN_INTERRUPT:
        if (node !== "") this.#interrupted.add(node);
        if (nodeExecutionId !== "") this.#end(nodeStart(), 0, "interrupted");
        return;
      case EventType.LLM_START:
        return this.spans.start(llmStart());
      case EventType.LLM_END:
        return this.#end(llmStart(), durationUs, "done");
      case EventType.LLM_ERROR:
        return this.#end(llmStart(), durationUs, "error");
    }
  }

  #start(
    row: number,
    item: Item,
    kind: SpanStart["kind"],
    id: string,
    name: string,
    startUs: number,
    step: number | null,
  ): SpanStart {
    const { attempt, sequence } = item.header;
    return {
      id,
      kind,
      name,
      nodeId: nodeIdOf(item) || null,
      startUs,
      attempt: Math.max(1, attempt),
      step,
      sequence,
      lastRow: row,
    };
  }

  /** End a span; one whose start never came is drawn from its duration. */
  #end(at: SpanStart, durationUs: number, status: SpanStatus, cached = false): void {
    if (this.spans.end(at.id, at.lastRow, at.startUs, status, cached) || durationUs === 0) return;
    this.spans.start({ ...at, startUs: at.startUs - durationUs });
    this.spans.end(at.id, at.lastRow, at.startUs, status, cached);
  }
}
