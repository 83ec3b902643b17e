/**
 * Model calls: who was asked, what is streamed, what it cost. Every answer holds for any moment, given as the number
 * of records seen by then.
 */

import { type Event, EventType, type TokenChunk } from "../protocol/gen/dashstream_pb";
import { countAttribute, textAttribute } from "./attributes";
import { goneBefore } from "./horizon";
import { type Item, nodeIdOf } from "./items";
import { Tail } from "./tail";
import type { LlmCall } from "./views";

const TAIL_CHARACTERS = 400;
/** Stands for the beginning of a text that was let go. */
const CUT = "[…] ";

interface Piece {
  readonly row: number;
  readonly index: number;
  readonly text: string;
  /** Characters up to and including this piece, in the order they came. */
  readonly length: number;
  /** The highest index so far. */
  readonly highest: number;
}

/** One call, as its records tell it; the row of each tells when it was known. */
export interface CallRecord {
  readonly id: string;
  readonly row: number;
  readonly startUs: number;
  readonly sequence: bigint;
  readonly step: number | null;
  readonly nodeId: string | null;
  readonly attempt: number;
  readonly model: string;
  readonly provider: string;
  /** The start came, and can be read again for its prompt. */
  readonly hasStart: boolean;
  /** In the order they came. */
  readonly pieces: Tail<Piece>;
  /** Pieces came in the order of their index. */
  inOrder: boolean;
  firstTokenUs: number | null;
  end: CallEnd | null;
}

interface CallEnd {
  readonly row: number;
  readonly us: number;
  readonly status: "done" | "error" | "stopped";
  readonly durationUs: number;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly totalTokens: number | null;
  readonly finishReason: string | null;
  readonly error: string | null;
  /** JSON text of the answer, where no tokens were recorded. */
  readonly output: string | null;
}

const NOTHING = {
  promptTokens: null,
  completionTokens: null,
  totalTokens: null,
  finishReason: null,
  error: null,
  output: null,
} as const;

export class LlmCalls {
  readonly #calls = new Map<string, CallRecord>();
  readonly #open = new Set<CallRecord>();

  get(id: string): CallRecord | undefined {
    return this.#calls.get(id);
  }

  apply(row: number, item: Item, us: number, step: number | null): void {
    const { message } = item;
    if (message.case === "tokenChunk") this.#token(row, item, message.value, us, step);
    if (message.case !== "event" || message.value.llmRequestId === "") return;
    const event = message.value;
    if (event.eventType === EventType.LLM_START) this.#start(row, item, event, us, step);
    else if (event.eventType === EventType.LLM_END) this.#end(row, item, event, us, step, "done");
    else if (event.eventType === EventType.LLM_ERROR) this.#end(row, item, event, us, step, "error");
  }

  /** The run is over: what is still open was stopped with it. */
  finish(row: number, us: number): void {
    for (const call of this.#open) {
      call.end = { row, us, status: "stopped", durationUs: Math.max(0, us - call.startUs), ...NOTHING };
    }
    this.#open.clear();
  }

  /** Forget the calls that were over before `row`, and what others had said by then, but for the last of it. */
  letGoBefore(row: number): void {
    const lasting = (call: CallRecord) => ({ lastRow: lastRowOf(call), isOpen: this.#open.has(call) });
    for (const call of [...goneBefore(row, this.#calls.values(), lasting)]) {
      this.#calls.delete(call.id);
      this.#open.delete(call);
    }
    for (const { pieces } of this.#calls.values()) {
      // The last piece before the horizon tells how much came before it.
      pieces.letGoBefore(pieces.indexBelow(row, (piece) => piece.row) - 1);
    }
  }

  /** Calls that had begun by then, in the order they began. */
  at(rows: number): LlmCall[] {
    const views: LlmCall[] = [];
    for (const call of this.#calls.values()) if (call.row < rows) views.push(callView(call, rows));
    return views;
  }

  #start(row: number, item: Item, event: Event, us: number, step: number | null): void {
    const known = this.#calls.get(event.llmRequestId);
    const call: CallRecord = {
      ...this.#fresh(row, item, event.llmRequestId, us, step),
      model: textAttribute(event, "llm.model") ?? "",
      provider: textAttribute(event, "llm.provider") ?? "",
      hasStart: true,
    };
    if (known === undefined) this.#admit(call);
  }

  #token(row: number, item: Item, chunk: TokenChunk, us: number, step: number | null): void {
    const call = this.#known(row, item, chunk.requestId, us, step, chunk.model);
    const { chunkIndex: index, text } = chunk;
    const { last } = call.pieces;
    if (last !== undefined && index <= last.index) call.inOrder = false;
    const length = (last?.length ?? 0) + text.length;
    call.pieces.push({ row, index, text, length, highest: Math.max(last?.highest ?? -1, index) });
    call.firstTokenUs ??= us;
  }

  #end(
    row: number,
    item: Item,
    event: Event,
    us: number,
    step: number | null,
    status: "done" | "error",
  ): void {
    const call = this.#known(row, item, event.llmRequestId, us, step, "");
    if (call.end !== null) return;
    const type = textAttribute(event, "error.type");
    const message = textAttribute(event, "error.message");
    call.end = {
      row,
      us,
      status,
      durationUs: Number(event.durationUs) || Math.max(0, us - call.startUs),
      promptTokens: countAttribute(event, "llm.prompt_tokens"),
      completionTokens: countAttribute(event, "llm.completion_tokens"),
      totalTokens: countAttribute(event, "llm.total_tokens"),
      finishReason: textAttribute(event, "llm.finish_reason"),
      error: [type, message].filter(Boolean).join(": ") || null,
      output: textAttribute(event, "llm.output"),
    };
    this.#open.delete(call);
  }

  #known(row: number, item: Item, id: string, us: number, step: number | null, model: string): CallRecord {
    return this.#calls.get(id) ?? this.#admit({ ...this.#fresh(row, item, id, us, step), model });
  }

  #admit(call: CallRecord): CallRecord {
    this.#calls.set(call.id, call);
    this.#open.add(call);
    return call;
  }

  #fresh(row: number, item: Item, id: string, us: number, step: number | null): CallRecord {
    return {
      id,
      row,
      startUs: us,
      sequence: item.header.sequence,
      step,
      nodeId: nodeIdOf(item) || null,
      attempt: Math.max(1, item.header.attempt),
      model: "",
      provider: "",
      hasStart: false,
      pieces: new Tail(),
      inOrder: true,
      firstTokenUs: null,
      end: null,
    };
  }
}

/** The text of a call as far as it was there by then, and is held. */
export function textOf(call: CallRecord, rows: number): string {
  const pieces = call.pieces.between(call.pieces.first, piecesBy(call, rows));
  if (!call.inOrder) pieces.sort((left, right) => left.index - right.index);
  const cut = call.pieces.first > 0 ? CUT : "";
  if (pieces.length > 0) return cut + pieces.map(({ text }) => text).join("");
  return isEnded(call, rows) ? outputText(call.end.output) : "";
}

export function callView(call: CallRecord, rows: number): LlmCall {
  const count = piecesBy(call, rows);
  const newest = call.pieces.at(count - 1);
  const end = isEnded(call, rows) ? call.end : null;
  const output = newest === undefined && end !== null ? outputText(end.output) : "";
  return {
    id: call.id,
    model: call.model,
    provider: call.provider,
    nodeId: call.nodeId,
    status: end?.status ?? "running",
    startUs: call.startUs,
    endUs: end?.us ?? null,
    durationUs: end?.durationUs ?? null,
    promptTokens: end?.promptTokens ?? null,
    completionTokens: end?.completionTokens ?? null,
    totalTokens: end?.totalTokens ?? null,
    finishReason: end?.finishReason ?? null,
    error: end?.error ?? null,
    sequence: String(call.sequence),
    step: call.step,
    attempt: call.attempt,
    textLength: newest?.length ?? output.length,
    textTail: newest === undefined ? output.slice(-TAIL_CHARACTERS) : tailOf(call, count, rows),
    firstTokenUs: newest === undefined ? null : call.firstTokenUs,
    missingChunks: newest === undefined ? 0 : Math.max(0, newest.highest + 1 - count),
  };
}

function isEnded(call: CallRecord, rows: number): call is CallRecord & { end: CallEnd } {
  return call.end !== null && call.end.row < rows;
}

function piecesBy(call: CallRecord, rows: number): number {
  return call.pieces.indexBelow(rows, (piece) => piece.row);
}

function lastRowOf({ end, pieces, row }: CallRecord): number {
  return Math.max(end?.row ?? row, pieces.last?.row ?? row);
}

function tailOf(call: CallRecord, count: number, rows: number): string {
  if (!call.inOrder) return textOf(call, rows).slice(-TAIL_CHARACTERS);
  let tail = "";
  for (let at = count - 1; at >= call.pieces.first && tail.length < TAIL_CHARACTERS; at -= 1) {
    tail = (call.pieces.at(at)?.text ?? "") + tail;
  }
  return tail.slice(-TAIL_CHARACTERS);
}

/** What a model's answer says: the content of a message, or the text itself. */
export function outputText(json: string | null): string {
  if (json === null) return "";
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "string") return value;
    const content = typeof value === "object" && value !== null && "content" in value ? value.content : value;
    return typeof content === "string" ? content : JSON.stringify(content, null, 2);
  } catch {
    return json;
  }
}
