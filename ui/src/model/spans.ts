/**
 * Spans of time: tries of nodes, model calls, tool calls. Each gets a lane of the waterfall when it begins, the
 * lowest in which nothing reaches past its start, so spans of one lane never overlap.
 *
 * A span ends once; the run's end closes what is open. An end before the start, by the producer's clock, counts as
 * no time and is marked.
 */

import { goneBefore } from "./horizon";
import type { TimelineSpan } from "./views";

export type SpanStatus = TimelineSpan["status"];

export interface Span {
  readonly id: string;
  readonly kind: TimelineSpan["kind"];
  readonly name: string;
  readonly nodeId: string | null;
  readonly startUs: number;
  readonly attempt: number;
  readonly lane: number;
  readonly step: number | null;
  readonly sequence: bigint;
  endUs: number | null;
  status: SpanStatus;
  cached: boolean;
  skewed: boolean;
  /** The newest record of it. */
  lastRow: number;
}

export type SpanStart = Pick<
  Span,
  "id" | "kind" | "name" | "nodeId" | "startUs" | "attempt" | "step" | "sequence" | "lastRow"
>;

export class Spans {
  all: Span[] = [];
  readonly #open = new Map<string, Span>();
  /** Where each lane is free again; infinite while its span is open. */
  readonly #laneEnds: number[] = [];

  get lanes(): number {
    return this.#laneEnds.length;
  }

  /** Begin a span; one that has the id of an open span is not news. */
  start(start: SpanStart): void {
    if (this.#open.has(start.id)) return;
    const free = this.#laneEnds.findIndex((end) => end <= start.startUs);
    const lane = free < 0 ? this.#laneEnds.length : free;
    this.#laneEnds[lane] = Number.POSITIVE_INFINITY;
    // Member by member: every object that is spread from another one costs a shape of its own, more than itself.
    const span: Span = {
      id: start.id,
      kind: start.kind,
      name: start.name,
      nodeId: start.nodeId,
      startUs: start.startUs,
      attempt: start.attempt,
      lane,
      step: start.step,
      sequence: start.sequence,
      endUs: null,
      status: "running",
      cached: false,
      skewed: false,
      lastRow: start.lastRow,
    };
    this.all.push(span);
    this.#open.set(span.id, span);
  }

  /** End an open span; false when there is none of this id. */
  end(id: string, row: number, endUs: number, status: SpanStatus, cached = false): boolean {
    const span = this.#open.get(id);
    if (span === undefined) return false;
    this.#close(span, row, endUs, status);
    span.cached = cached;
    return true;
  }

  /** End every open span that is chosen. */
  endAll(row: number, endUs: number, statusOf: (span: Span) => SpanStatus | null): void {
    for (const span of this.#open.values()) {
      const status = statusOf(span);
      if (status !== null) this.#close(span, row, endUs, status);
    }
  }

  letGoBefore(row: number): void {
    const lasting = ({ lastRow, endUs }: Span) => ({ lastRow, isOpen: endUs === null });
    const gone = new Set(goneBefore(row, this.all, lasting));
    for (const span of gone) {
      if (span.endUs !== null) continue;
      this.#open.delete(span.id);
      this.#laneEnds[span.lane] = span.startUs;
    }
    this.all = this.all.filter((span) => !gone.has(span));
  }

  #close(span: Span, row: number, endUs: number, status: SpanStatus): void {
    span.lastRow = row;
    span.skewed = endUs < span.startUs;
    span.endUs = Math.max(endUs, span.startUs);
    span.status = status;
    this.#laneEnds[span.lane] = span.endUs;
    this.#open.delete(span.id);
  }
}
