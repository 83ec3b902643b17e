/**
 * One run, folded from its records.
 *
 * Law 1: a record that was seen before changes nothing but the count of duplicates, wherever it comes.
 * Law 2: how records are cut into portions makes no difference.
 * Law 3: nothing here throws for what a record contains; what cannot be read is set aside, visibly. A record of a
 * newer schema stops the fold until it is decided that it is set aside as well.
 * Law 4: whatever the bound, the newest state, totals and receipt are the same; moments before the horizon are shown as
 * the horizon is.
 */

import { decodeRecord, RecordError } from "../protocol/codec";
import type { Event, StateDiff } from "../protocol/gen/dashstream_pb";
import { TouchIndex, touchesOf } from "./blame";
import { count } from "./display";
import type { GapInfo, Marker, Notice, Receipt, RunFrame, RunSummary } from "./frame";
import { type Bound, goneBefore, PAGE_BOUND } from "./horizon";
import { itemSummary } from "./item-summary";
import { type Item, itemKind, itemsOf, itemType, nodeIdOf, runIdOf } from "./items";
import { LlmCalls } from "./llm-calls";
import { Markers } from "./markers";
import { Producers } from "./producers";
import { ReceiptBook } from "./receipt";
import { RecordStore } from "./record-store";
import { RunGraph } from "./run-graph";
import { RunSpans } from "./run-spans";
import { RunSteps } from "./run-steps";
import { StateHistory } from "./state-history";
import { SummaryFold } from "./summary";
import { ToolCalls } from "./tool-calls";
import { verificationOf, verificationOfAll } from "./verification";
import type { Moment } from "./views";

/** The largest record that this page takes apart; a gateway may be set to allow less or more. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;
/** Places of records that were set aside, to recognise them when they come again. */
const ASIDE_KEPT = 10_000;

/** A record as it was delivered. */
export interface LogRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly value: Uint8Array;
}

/** A record of a newer schema; nothing was changed. */
export interface NewerSchema {
  readonly theirs: number;
}

/** States of one namespace, with what each of their steps touched. */
export interface Namespace {
  readonly history: StateHistory;
  readonly touched: TouchIndex;
}

export class RunModel {
  readonly records: RecordStore;
  readonly graph = new RunGraph();
  readonly steps = new RunSteps();
  readonly spans = new RunSpans();
  readonly llm = new LlmCalls();
  readonly tools = new ToolCalls();
  summary: SummaryFold | null = null;
  /** Grows with every change. */
  revision = 0;
  readonly #producers = new Producers();
  readonly #receipts = new ReceiptBook();
  readonly #markers = new Markers();
  readonly #namespaces = new Map<string, Namespace>();
  readonly #setAside = new Set<string>();
  #partition: number | null = null;
  #elsewhere = 0;
  #lastSequence = 0n;

  constructor(
    readonly runId: string,
    bound: Bound = PAGE_BOUND,
  ) {
    this.records = new RecordStore(bound);
  }

  get lastSequence(): string {
    return String(this.#lastSequence);
  }

  /** Whether what is known goes as far as a moment; of a step its end may not be known yet. */
  reaches(moment: Moment): boolean {
    switch (moment.kind) {
      case "live":
        return true;
      case "step":
        return moment.step < this.steps.end;
      case "sequence":
        return toSequence(moment.sequence) <= this.#lastSequence;
    }
  }

  /** Whether a moment is known as it was: it is not before what is held. */
  has(moment: Moment): boolean {
    if (!this.reaches(moment)) return false;
    if (moment.kind === "step") return moment.step >= this.steps.first;
    return this.#rowsAt(moment) > this.records.first;
  }

  /** Number of records that were there at a moment; one before the horizon counts as the horizon. */
  rowsAt(moment: Moment): number {
    const { first } = this.records;
    const rows = this.#rowsAt(moment);
    return first === 0 ? rows : Math.max(first + 1, rows);
  }

  #rowsAt(moment: Moment): number {
    const { records, steps } = this;
    switch (moment.kind) {
      case "live":
        return records.length;
      case "step":
        return steps.rowsThrough(Math.floor(moment.step), records.length);
      case "sequence":
        return records.rowsThrough(toSequence(moment.sequence));
    }
  }

  /** Offset of the newest record; -1 before there is one. */
  get lastOffset(): bigint {
    return this.records.length === 0 ? -1n : this.records.offset(this.records.length - 1);
  }

  /** The oldest record and step that can be shown; null while nothing was let go. */
  get horizon(): RunFrame["horizon"] {
    const { records, steps } = this;
    return records.first === 0
      ? null
      : { sequence: String(records.sequence(records.first)), step: steps.first };
  }

  get markers(): readonly Marker[] {
    return this.#markers.view;
  }

  namespace(ns: string): Namespace | undefined {
    return this.#namespaces.get(ns);
  }

  get root(): StateHistory | undefined {
    return this.#namespaces.get("")?.history;
  }

  /** The schema version of a record that this page does not know; null for any other record. */
  newerSchemaOf(record: LogRecord): number | null {
    try {
      decodeRecord(record.value, MAX_RECORD_BYTES);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      return error.theirs ?? null;
    }
    return null;
  }

  /** Take in a record. A newer schema is returned instead, unless `setNewerAside`. */
  apply(record: LogRecord, setNewerAside = false): NewerSchema | null {
    let items: Item[];
    try {
      items = itemsOf(decodeRecord(record.value, MAX_RECORD_BYTES));
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      if (error.theirs !== undefined && !setNewerAside) return { theirs: error.theirs };
      this.putAside(record, error.message);
      return null;
    }
    for (const item of items) if (runIdOf(item.header) === this.runId) this.#admit(record, item);
    return null;
  }

  /** Count a record as one that cannot be used, with the reason. */
  putAside(record: LogRecord, reason: string): void {
    const { partition, offset } = record;
    const place = `${partition} ${offset}`;
    this.revision += 1;
    if (this.#setAside.has(place)) {
      this.#receipts.duplicates += 1;
      return;
    }
    this.#setAside.add(place);
    const oldest = this.#setAside.values().next().value;
    if (this.#setAside.size > ASIDE_KEPT && oldest !== undefined) this.#setAside.delete(oldest);
    this.#receipts.setAside({ partition, offset: String(offset), reason });
    this.#mark("undecodable", `a record could not be read: ${reason}`);
  }

  /** Repeats that were recognised before they came here. */
  addDuplicates(count: number): void {
    this.#receipts.duplicates += count;
    this.revision += count > 0 ? 1 : 0;
  }

  /** Delivery said that records are missing. */
  addGap(gap: Omit<GapInfo, "kind" | "step">): void {
    const step = this.steps.newest;
    this.#receipts.gap({ ...gap, kind: "delivery", step });
    this.#mark("gap", `records ${gap.from} to ${gap.to} of partition ${gap.partition} are missing`);
    this.revision += 1;
  }

  receipt(): Receipt {
    const { root, summary } = this;
    const receipt = this.#receipts.view({
      received: this.records.length,
      producers: this.#producers,
      hasStart: summary?.hasStart ?? false,
      hasEnd: summary?.isOver ?? false,
      steps: this.steps.count,
      verifiedSteps: root?.verified ?? 0,
      verifiedBelow: root?.verifiedBelow ?? 0,
      verification: verificationOfAll(root),
      losses: summary?.losses ?? [],
    });
    return { ...receipt, gaps: this.#placed(receipt.gaps), losses: this.#placed(receipt.losses) };
  }

  summaryView(): RunSummary | null {
    const names = [...this.#namespaces.keys()].sort(
      (left, right) => Number(left !== "") - Number(right !== ""),
    );
    const view = this.summary?.view(names) ?? null;
    if (view === null) return null;
    return { ...view, errors: this.#placed(view.errors), interrupts: this.#placed(view.interrupts) };
  }

  notices(): Notice[] {
    const notices: Notice[] = [];
    if (this.#elsewhere > 0) {
      const text = `${this.#elsewhere} records of this run came from another partition and were left out`;
      notices.push({ id: "elsewhere", level: "warning", text });
    }
    if (this.records.first > 0) {
      notices.push({ id: "horizon", level: "info", text: horizonText(this.records) });
    }
    return notices;
  }

  /** The event at a row, read again from its record; null when it is no longer held. */
  eventAt(row: number): Event | null {
    const item = this.#itemAt(row);
    return item?.message.case === "event" ? item.message.value : null;
  }

  #admit(record: LogRecord, item: Item): void {
    this.#partition ??= record.partition;
    if (record.partition !== this.#partition) {
      this.#elsewhere += 1;
      this.revision += 1;
      return;
    }
    this.revision += 1;
    if (!this.#producers.add(item.header, { ...record, inner: item.inner }, this.steps.newest)) {
      this.#receipts.duplicates += 1;
      return;
    }
    this.#fold(record, item);
  }

  #fold(record: LogRecord, item: Item): void {
    const { header } = item;
    const row = this.records.length;
    const us = Number(header.timestampUs);
    this.summary ??= new SummaryFold(this.runId, item, us);
    const summary = this.summary;
    this.#foldState(row, item, us);
    this.steps.apply(row, item);
    const step = this.steps.newest;
    this.records.append({
      partition: record.partition,
      offset: record.offset,
      sequence: header.sequence,
      kind: itemKind(item),
      type: itemType(item),
      timestampUs: us,
      nodeId: nodeIdOf(item),
      attempt: header.attempt,
      superstep: header.superstep,
      step: step ?? -1,
      summary: itemSummary(item),
      value: record.value,
      inner: item.inner,
    });
    if (header.sequence > this.#lastSequence) this.#lastSequence = header.sequence;
    const wasOver = summary.isOver;
    summary.apply(item, us, step);
    this.#markers.note(row, item, us, step);
    this.spans.apply(row, item, us, step);
    this.llm.apply(row, item, us, step);
    this.tools.apply(row, item, us, step);
    this.graph.apply(row, item, us, summary.status);
    if (summary.isOver && !wasOver) {
      this.spans.finish(row, us);
      this.llm.finish(row, us);
      this.tools.finish(row, us);
    }
    if (this.records.isAboveBound) this.#letGo();
  }

  /** Move the horizon on. States and steps before records: they are made of records that go. */
  #letGo(): void {
    const { records, steps, root } = this;
    const row = records.newHorizon();
    this.#letNamespacesGo(row);
    for (const { history, touched } of this.#namespaces.values()) {
      history.letGoBefore(row);
      touched.letGoBefore(history.steps.first);
    }
    steps.letGoBefore(row, root?.steps.first ?? 0);
    for (const part of [this.spans.spans, this.llm, this.tools, this.graph, this.#markers]) {
      part.letGoBefore(row);
    }
    this.#producers.letGoBefore(records.offset(row));
    records.letGoBefore(row);
  }

  #letNamespacesGo(row: number): void {
    const lasting = ({ history }: Namespace) => ({ lastRow: history.steps.last?.row ?? row, isOpen: true });
    const gone = new Set(goneBefore(row, this.#namespaces.values(), lasting));
    gone.delete(this.#namespaces.get("") as Namespace);
    for (const [ns, one] of this.#namespaces) if (gone.has(one)) this.#namespaces.delete(ns);
  }

  #foldState(row: number, item: Item, us: number): void {
    const { message, header } = item;
    if (message.case !== "stateDiff" && message.case !== "checkpoint") return;
    const ns = header.checkpointNs;
    let namespace = this.#namespaces.get(ns);
    if (namespace === undefined) {
      namespace = { history: new StateHistory((at) => this.#diffAt(at)), touched: new TouchIndex() };
      this.#namespaces.set(ns, namespace);
    }
    const { history, touched } = namespace;
    const before = history.steps.length;
    const incidents = history.incidents;
    const superstep = header.superstep ?? null;
    if (message.case === "stateDiff") history.applyDiff(row, superstep, message.value);
    else history.applyCheckpoint(row, superstep, message.value);
    if (history.steps.length > before) {
      const isPatch = message.case === "stateDiff" && message.value.fullState.length === 0;
      touched.push(isPatch ? touchesOf(message.value.operations, history.head) : null);
      if (ns === "") this.steps.push(row, us);
    }
    if (history.incidents > incidents && verificationOf(history.doubt) === "mismatch") {
      this.#mark("mismatch", history.detail ?? "a state could not be verified", header.sequence, us);
    }
  }

  /** The same without steps that cannot be shown any more. */
  #placed<T extends { readonly step: number | null }>(all: readonly T[]): readonly T[] {
    const { first } = this.steps;
    if (this.records.first === 0) return all;
    return all.map((one) => (one.step === null || one.step >= first ? one : { ...one, step: null }));
  }

  #mark(
    kind: Marker["kind"],
    label: string,
    sequence = this.#lastSequence,
    us = this.summary?.lastUs ?? 0,
  ): void {
    const marker = { kind, label, step: this.steps.newest, sequence: String(sequence), timestampUs: us };
    this.#markers.add(this.records.length, marker);
  }

  #diffAt(row: number): StateDiff | null {
    const item = this.#itemAt(row);
    return item?.message.case === "stateDiff" ? item.message.value : null;
  }

  #itemAt(row: number): Item | null {
    const value = this.records.value(row);
    if (value === null) return null;
    const inner = this.records.inner(row);
    return itemsOf(decodeRecord(value, MAX_RECORD_BYTES)).find((item) => item.inner === inner) ?? null;
  }
}

function horizonText(records: RecordStore): string {
  const { first } = records;
  const from = count(Number(records.sequence(first)));
  return `This run is larger than the page holds. It is shown from record ${from} on; the ${count(first)} before it are not lost, they stay in the log or the file. Totals and the receipt are of the whole run`;
}

/** No record has the sequence 0, so what is no number lies before all. */
const toSequence = (text: string): bigint => (/^\d{1,20}$/.test(text) ? BigInt(text) : 0n);
