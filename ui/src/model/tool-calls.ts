/** Tool calls: arguments, results, failures; at any moment, given as the number of records seen by then. */

import { type ToolExecution, ToolExecution_Stage } from "../protocol/gen/dashstream_pb";
import { goneBefore } from "./horizon";
import { type Item, nodeIdOf } from "./items";
import type { ToolCall } from "./views";

interface ToolRecord {
  readonly row: number;
  /** Under which the producer calls it. */
  readonly callId: string;
  readonly call: Omit<ToolCall, "status" | "endUs" | "durationUs" | "result" | "error">;
  end:
    | (Pick<ToolCall, "status" | "endUs" | "durationUs" | "result" | "error"> & { readonly row: number })
    | null;
}

const OPEN = { status: "running", endUs: null, durationUs: null, result: null, error: null } as const;
const utf8 = new TextDecoder();

export class ToolCalls {
  #calls: ToolRecord[] = [];
  readonly #open = new Map<string, ToolRecord>();
  /** How often a held call's id was used: a retried node calls again under the same one. */
  readonly #counts = new Map<string, number>();

  apply(row: number, item: Item, us: number, step: number | null): void {
    if (item.message.case !== "toolExecution") return;
    const tool = item.message.value;
    switch (tool.stage) {
      case ToolExecution_Stage.STARTED:
        if (!this.#open.has(tool.callId)) this.#admit(row, item, tool, us, step);
        return;
      case ToolExecution_Stage.COMPLETED:
        return this.#end(row, item, tool, us, step, "done");
      case ToolExecution_Stage.FAILED:
        return this.#end(row, item, tool, us, step, "error");
    }
  }

  /** The run is over: what is still open was stopped with it. */
  finish(row: number, us: number): void {
    for (const record of this.#open.values()) {
      const durationUs = Math.max(0, us - record.call.startUs);
      record.end = { ...OPEN, status: "stopped", endUs: us, durationUs, row };
    }
    this.#open.clear();
  }

  /** Forget the calls that were over before `row`. */
  letGoBefore(row: number): void {
    const lasting = (one: ToolRecord) => ({ lastRow: one.end?.row ?? one.row, isOpen: one.end === null });
    const gone = new Set(goneBefore(row, this.#calls, lasting));
    this.#calls = this.#calls.filter((one) => !gone.has(one));
    for (const one of gone) if (this.#open.get(one.callId) === one) this.#open.delete(one.callId);
    const held = new Set(this.#calls.map(({ callId }) => callId));
    for (const callId of this.#counts.keys()) if (!held.has(callId)) this.#counts.delete(callId);
  }

  /** Calls that had begun by then, in the order they began. */
  at(rows: number): ToolCall[] {
    const views: ToolCall[] = [];
    for (const { row, call, end } of this.#calls) {
      if (row >= rows) continue;
      const { row: _row, ...ended } = end !== null && end.row < rows ? end : { ...OPEN, row: 0 };
      views.push({ ...call, ...ended });
    }
    return views;
  }

  #end(
    row: number,
    item: Item,
    tool: ToolExecution,
    us: number,
    step: number | null,
    status: "done" | "error",
  ): void {
    const record =
      this.#open.get(tool.callId) ?? this.#admit(row, item, tool, us - Number(tool.durationUs), step);
    this.#open.delete(tool.callId);
    const durationUs = Number(tool.durationUs) || Math.max(0, us - record.call.startUs);
    record.end = {
      row,
      status,
      endUs: us,
      durationUs,
      result: textOf(tool.result),
      error: tool.error || null,
    };
  }

  #admit(row: number, item: Item, tool: ToolExecution, startUs: number, step: number | null): ToolRecord {
    const repeats = this.#counts.get(tool.callId) ?? 0;
    this.#counts.set(tool.callId, repeats + 1);
    const record: ToolRecord = {
      row,
      callId: tool.callId,
      call: {
        id: repeats === 0 ? tool.callId : `${tool.callId} (${repeats + 1})`,
        name: tool.toolName,
        nodeId: nodeIdOf(item) || null,
        startUs,
        arguments: textOf(tool.arguments),
        sequence: String(item.header.sequence),
        step,
        attempt: Math.max(1, item.header.attempt),
      },
      end: null,
    };
    this.#calls.push(record);
    this.#open.set(tool.callId, record);
    return record;
  }
}

function textOf(bytes: Uint8Array): string | null {
  return bytes.length === 0 ? null : utf8.decode(bytes);
}
