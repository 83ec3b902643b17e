/**
 * The list of a run's records that are held: rows under a filter, as of any moment. The rows of the last filter are kept.
 */

import { countBelow } from "./columns";
import type { RecordKind } from "./frame";
import type { RecordStore } from "./record-store";
import type { EventRow, EventRows } from "./views";

export interface EventFilter {
  /** Kinds or event types; empty means all. */
  readonly kinds: readonly string[];
  readonly node: string | null;
  readonly text: string;
}

/** A window of a list without unread records in it. */
export interface ReadRows extends EventRows {
  readonly rows: readonly EventRow[];
}

export class EventList {
  #key = "";
  #matching: number[] = [];
  #scanned = 0;

  constructor(private readonly records: RecordStore) {}

  /** The window of rows that pass the filter among the first `rows`. */
  rows(filter: EventFilter, rows: number, from: number, count: number): ReadRows {
    const isAll = filter.kinds.length === 0 && filter.node === null && filter.text === "";
    const matching = isAll ? null : this.#match(filter, rows);
    const { first } = this.records;
    const total = matching === null ? Math.max(0, rows - first) : matching.length;
    const found: EventRow[] = [];
    for (let at = Math.max(0, from); at < Math.min(total, from + count); at += 1) {
      found.push(this.row(matching === null ? first + at : (matching[at] as number)));
    }
    return { total, from, unreadAt: null, rows: found };
  }

  row(index: number): EventRow {
    const { records } = this;
    const step = records.stepColumn.at(index);
    return {
      id: `${records.offset(index)}:${records.inner(index)}`,
      sequence: String(records.sequence(index)),
      partition: records.partition(index),
      offset: String(records.offset(index)),
      kind: records.kind(index) as RecordKind,
      type: records.type(index),
      timestampUs: records.timestampUs(index),
      nodeId: records.node(index) || null,
      attempt: records.attempt(index),
      superstep: records.superstep(index),
      step: step < 0 ? null : step,
      summary: records.summary(index),
      bytes: records.bytes(index),
    };
  }

  /** Rows that pass, ascending. Scans each row once per filter, however often it is asked. */
  #match(filter: EventFilter, rows: number): readonly number[] {
    const key = JSON.stringify(filter);
    if (key !== this.#key) {
      this.#key = key;
      this.#matching = [];
      this.#scanned = 0;
    }
    const { first, length } = this.records;
    if ((this.#matching[0] ?? first) < first) this.#matching = this.#matching.filter((row) => row >= first);
    if (this.#scanned < length) this.#scan(filter);
    const matching = this.#matching;
    if ((matching.at(-1) ?? -1) < rows) return matching;
    return matching.slice(
      0,
      countBelow(matching.length, rows, (index) => matching[index] as number),
    );
  }

  #scan(filter: EventFilter): void {
    const { names, kindColumn, typeColumn, nodeColumn } = this.records;
    const text = filter.text.toLowerCase();
    const kinds = new Set(filter.kinds.map((kind) => names.find(kind)));
    const node = filter.node === null ? null : names.find(filter.node);
    const nameHas = Uint8Array.from({ length: names.count }, (_, id) =>
      names.name(id).toLowerCase().includes(text) ? 1 : 0,
    );
    for (let row = Math.max(this.#scanned, this.records.first); row < this.records.length; row += 1) {
      const kind = kindColumn.at(row);
      const type = typeColumn.at(row);
      if (kinds.size > 0 && !kinds.has(kind) && !kinds.has(type)) continue;
      const at = nodeColumn.at(row);
      if (filter.node !== null && at !== node) continue;
      const isNamed = nameHas[type] === 1 || nameHas[at] === 1;
      if (!isNamed && !this.records.summary(row).toLowerCase().includes(text)) continue;
      this.#matching.push(row);
    }
    this.#scanned = this.records.length;
  }
}
