/**
 * The engine seam: what the page asks of the engine, and what it is told.
 *
 * The engine lives in one worker. It owns the connection, decodes and verifies every record, and holds the open
 * run. The main thread holds frames (small, at most one per displayed frame) and the answers to its questions
 * (windows of rows), never a whole state or a whole event list.
 *
 * Times are microseconds since the Unix epoch as numbers, which is exact until the year 2255; names end in `Us`.
 * Sequences and offsets are 64-bit and travel as decimal strings.
 */

import type { RunFrame } from "../model/frame";
import type {
  BlameEntry,
  DiffView,
  EventDetail,
  EventQuery,
  EventRows,
  GraphView,
  LlmCall,
  LlmDetail,
  Moment,
  StateQuery,
  StateRows,
  TimelineQuery,
  TimelineView,
  ToolCall,
} from "../model/views";

export type * from "../model/frame";
export type * from "../model/views";

/** The engine as the page sees it. Answers are about the run that is open when the question arrives. */
export interface EngineApi {
  /** Use this gateway; connects when a run is opened. A changed token or address reconnects. */
  connect(target: { readonly wsUrl: string; readonly apiUrl: string; readonly token: string | null }): void;
  /** Open a run from its beginning, or close what is open with null. A run that is open stays as it is. */
  openRun(runId: string | null): void;
  /** Open a `.dsrun` file without any gateway. Rejects with a message for people when it is not one. */
  openFile(name: string, bytes: ArrayBuffer): Promise<void>;
  /** Try again now: reconnects, and leaves `closed`. */
  retry(): void;
  /** Leave a schema mismatch: set the incompatible record aside, visibly, and go on. */
  resolveMismatch(): void;
  /** Be told of every frame; returns how to stop. The newest frame, if any, comes at once. */
  onFrame(listener: (frame: RunFrame) => void): () => void;
  graphAt(moment: Moment): Promise<GraphView>;
  stateRows(query: StateQuery): Promise<StateRows>;
  /** What a step changed, or the difference between two moments. */
  diffAt(query: {
    readonly moment: Moment;
    readonly against: Moment | "previous";
    readonly ns: string;
    readonly limit: number;
  }): Promise<DiffView>;
  /** JSON text of the value at a pointer ("" is all), indented, bounded by 4 MiB; null when there is none. */
  valueAt(moment: Moment, ns: string, path: string): Promise<string | null>;
  /** Which steps set the value at a pointer, newest first. */
  blame(query: {
    readonly moment: Moment;
    readonly ns: string;
    readonly path: string;
    readonly limit: number;
  }): Promise<readonly BlameEntry[]>;
  timeline(query: TimelineQuery): Promise<TimelineView>;
  eventRows(query: EventQuery): Promise<EventRows>;
  eventDetail(id: string): Promise<EventDetail | null>;
  llmCalls(moment: Moment): Promise<readonly LlmCall[]>;
  llmCall(id: string, moment: Moment): Promise<LlmDetail | null>;
  toolCalls(moment: Moment): Promise<readonly ToolCall[]>;
  /** The step that a moment falls into; null before the first. */
  stepOf(moment: Moment): Promise<number | null>;
}
