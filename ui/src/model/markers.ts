/**
 * Marks on the time line, bounded for each kind: when a kind has too many, every second of it is left out, so that
 * what remains still covers the whole run.
 */

import { Error_Severity, EventType } from "../protocol/gen/dashstream_pb";
import { textAttribute } from "./attributes";
import type { Marker, MarkerKind } from "./frame";
import { type Item, nodeIdOf } from "./items";

export const MARKERS_PER_KIND = 200;

export class Markers {
  readonly #byKind = new Map<
    MarkerKind,
    { kept: { marker: Marker; row: number }[]; seen: number; stride: number }
  >();
  #view: readonly Marker[] | null = null;

  /** Mark the record at a row, which is the next one for what lies between records. */
  add(row: number, marker: Marker): void {
    let kind = this.#byKind.get(marker.kind);
    if (kind === undefined) {
      kind = { kept: [], seen: 0, stride: 1 };
      this.#byKind.set(marker.kind, kind);
    }
    kind.seen += 1;
    if ((kind.seen - 1) % kind.stride !== 0) return;
    kind.kept.push({ marker, row });
    if (kind.kept.length > MARKERS_PER_KIND) {
      kind.kept = kind.kept.filter((_, index) => index % 2 === 0);
      kind.stride *= 2;
    }
    this.#view = null;
  }

  /** Forget the marks before a row. Fewer are left out of a kind that has become rare. */
  letGoBefore(row: number): void {
    for (const kind of this.#byKind.values()) {
      kind.kept = kind.kept.filter((one) => one.row >= row);
      const made = kind.kept.length * kind.stride;
      while (kind.stride > 1 && made / kind.stride < MARKERS_PER_KIND / 4) kind.stride /= 2;
    }
    this.#view = null;
  }

  /** In the order they came. */
  get view(): readonly Marker[] {
    this.#view ??= [...this.#byKind.values()]
      .flatMap(({ kept }) => kept)
      .sort((left, right) => left.row - right.row)
      .map(({ marker }) => marker);
    return this.#view;
  }

  /** Mark what an item itself says. */
  note(row: number, item: Item, timestampUs: number, step: number | null): void {
    const said = markOf(item);
    if (said === null) return;
    const [kind, label] = said;
    this.add(row, { kind, step, sequence: String(item.header.sequence), timestampUs, label });
  }
}

function markOf(item: Item): readonly [MarkerKind, string] | null {
  const { message } = item;
  const node = nodeIdOf(item);
  const where = node === "" ? "" : ` in ${node}`;
  switch (message.case) {
    case "error": {
      if (message.value.severity < Error_Severity.ERROR) return null;
      const { exceptionType, message: text } = message.value;
      return ["error", [exceptionType, text.slice(0, 160)].filter(Boolean).join(": ") + where];
    }
    case "loss": {
      const count = message.value.items.reduce((sum, lost) => sum + lost.count, 0n);
      return ["loss", `${count} records dropped by the producer`];
    }
    case "graphSchema":
      return ["schema", `structure of ${message.value.name || "the graph"} declared`];
    case "checkpoint": {
      const { chunkCount, chunkIndex, isTransition } = message.value;
      const isWhole = chunkCount <= 1 || chunkIndex === chunkCount - 1;
      return isWhole && !isTransition && item.header.checkpointNs === ""
        ? ["checkpoint", "full state"]
        : null;
    }
    case "event":
      switch (message.value.eventType) {
        case EventType.HUMAN_INTERRUPT:
          return ["interrupt", `waits for a human${where}`];
        case EventType.HUMAN_RESUME:
          return ["resume", "resumed by a human"];
        case EventType.NODE_WARNING:
          return ["warning", (textAttribute(message.value, "message") ?? "warning") + where];
        default:
          return null;
      }
    default:
      return null;
  }
}
