/**
 * Answers about a run that is still read from its beginning, while parts of it are known from a full state on: the
 * newest, and one that was sought.
 *
 * A moment is answered by the model that has it: what was read, or else a part; the newest alone knows `live`. Lists
 * are of what was read and then of the part, and leave out what began in between, of which only the end may be known.
 */

import type { RunModel } from "./run";
import { type Answers, notYet, RunAnswers } from "./run-answers";
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
} from "./views";

type DiffQuery = Parameters<RunAnswers["diffAt"]>[0];
type BlameQuery = Parameters<RunAnswers["blame"]>[0];

interface Part {
  readonly run: RunModel;
  readonly answers: RunAnswers;
}

export class PartialAnswers implements Answers {
  readonly #read: RunAnswers;
  readonly #newest: Part | null;
  readonly #sought: Part | null;
  readonly #adopted = new Map<RunModel, string>();

  constructor(
    private readonly whole: RunModel,
    newest: RunModel | null,
    sought: RunModel | null,
  ) {
    const answersAt = (moment: Moment) => this.#at(moment);
    this.#read = new RunAnswers(whole, answersAt);
    this.#newest = partOf(newest, answersAt);
    this.#sought = partOf(sought, answersAt);
  }

  graphAt(moment: Moment): GraphView {
    const part = this.#partAt(moment);
    if (part === null) return this.#read.graphAt(moment);
    const { topology } = this.whole.graph;
    if (topology.identity !== this.#adopted.get(part.run)) part.run.graph.topology.adopt(topology);
    this.#adopted.set(part.run, topology.identity);
    return part.answers.graphAt(moment);
  }

  stateRows(query: StateQuery): StateRows {
    return this.#at(query.moment).stateRows(query);
  }

  valueAt(moment: Moment, ns: string, path: string): string | null {
    return this.#at(moment).valueAt(moment, ns, path);
  }

  diffAt(query: DiffQuery): DiffView {
    return this.#at(query.moment).diffAt(query);
  }

  blame(query: BlameQuery): BlameEntry[] {
    if (this.#partAt(query.moment) !== null) throw notYet();
    return this.#read.blame(query);
  }

  stepOf(moment: Moment): number | null {
    return this.#at(moment).stepOf(moment);
  }

  timeline(query: TimelineQuery): TimelineView {
    const newest = this.#newest;
    if (newest === null) return this.#read.timeline(query);
    const { run, answers } = newest;
    const fromUs = run.records.timestampUs(run.records.first);
    const read = this.#read.timeline({ ...query, toUs: Math.min(query.toUs ?? fromUs, fromUs) });
    const part = answers.timeline(query);
    const steps = read.steps.filter(({ step }) => step < run.steps.first);
    const known = new Set(part.spans.map(({ id }) => id));
    return {
      startUs: read.startUs,
      endUs: part.endUs,
      lanes: Math.max(read.lanes, part.lanes),
      steps: [...steps, ...part.steps],
      spans: [...read.spans.filter(({ id }) => !known.has(id)), ...part.spans],
      totalSpans: read.totalSpans + part.totalSpans,
      totalSteps: run.steps.end - read.firstStep,
      firstStep: read.firstStep,
      unread: this.unread === null ? null : { fromUs: Math.min(read.endUs, fromUs), toUs: fromUs },
    };
  }

  eventRows(query: EventQuery): EventRows {
    const { moment } = query;
    const isWhole = moment === null || moment.kind === "live";
    const newest = this.#newest;
    if (newest === null || (!isWhole && this.whole.reaches(moment))) return this.#read.eventRows(query);
    const { from, count } = query;
    const until = from + count;
    const read = this.#read.eventRows({ ...query, moment: before(newest) });
    const unread = this.unread === null ? 0 : 1;
    const start = read.total + unread;
    const mark = unread === 1 && from <= read.total && read.total < until ? [null] : [];
    const rows = [...read.rows, ...mark];
    const unreadAt = unread === 1 ? read.total : null;
    if (!isWhole && !newest.run.has(moment)) return { total: start, from, unreadAt, rows };
    const part = newest.answers.eventRows({
      ...query,
      from: Math.max(0, from - start),
      count: Math.max(0, until - Math.max(from, start)),
    });
    return { total: start + part.total, from, unreadAt, rows: [...rows, ...part.rows] };
  }

  eventDetail(id: string): EventDetail | null {
    return this.#read.eventDetail(id) ?? this.#newest?.answers.eventDetail(id) ?? null;
  }

  llmCalls(moment: Moment): LlmCall[] {
    const part = this.#partAt(moment);
    if (part === null) return this.#read.llmCalls(moment);
    const begun = part.answers.llmCalls(moment).filter(({ id }) => part.run.llm.get(id)?.hasStart);
    return [...ended(this.#read.llmCalls(before(part)), begun), ...begun];
  }

  llmCall(id: string, moment: Moment): LlmDetail | null {
    const part = this.#partAt(moment);
    if (part === null) return this.#read.llmCall(id, moment);
    const isBegun = part.run.llm.get(id)?.hasStart;
    return isBegun ? part.answers.llmCall(id, moment) : this.#read.llmCall(id, before(part));
  }

  toolCalls(moment: Moment): ToolCall[] {
    const part = this.#partAt(moment);
    if (part === null) return this.#read.toolCalls(moment);
    const calls = part.answers.toolCalls(moment);
    return [...ended(this.#read.toolCalls(before(part)), calls), ...calls];
  }

  /** Sequences between what was read and the newest part. */
  get unread(): { readonly from: string; readonly to: string } | null {
    return this.#newest === null ? null : unreadBetween(this.whole, this.#newest.run);
  }

  #at(moment: Moment): RunAnswers {
    return this.#partAt(moment)?.answers ?? this.#read;
  }

  /** The part that knows a moment; null when it was read from the beginning, or live is all that there is. */
  #partAt(moment: Moment): Part | null {
    if (moment.kind === "live") return this.#newest;
    if (this.whole.reaches(moment)) return null;
    for (const part of [this.#newest, this.#sought]) if (part?.run.has(moment)) return part;
    throw notYet();
  }
}

/** First and last sequence between what was read and a part; null when nothing is. */
export function unreadBetween(whole: RunModel, part: RunModel): { from: string; to: string } | null {
  const from = BigInt(whole.lastSequence) + 1n;
  const to = lastBefore(part);
  return from > to ? null : { from: String(from), to: String(to) };
}

function partOf(run: RunModel | null, answersAt: (moment: Moment) => RunAnswers): Part | null {
  if (run === null || run.records.length === 0) return null;
  return { run, answers: new RunAnswers(run, answersAt) };
}

/** The last sequence before what a part has; a part above its bound has less with time. */
const lastBefore = ({ records }: RunModel): bigint => records.sequence(records.first) - 1n;

const before = ({ run }: Part): Moment => ({ kind: "sequence", sequence: String(lastBefore(run)) });

/** Calls that have ended, as far as was read: of the others it is not known; and none of those `since`. */
function ended<T extends LlmCall | ToolCall>(calls: readonly T[], since: readonly T[]): T[] {
  const known = new Set(since.map(({ id }) => id));
  return calls.filter(({ id, status }) => status !== "running" && !known.has(id));
}
