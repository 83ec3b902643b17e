/**
 * Answers about a run of which the newest part is known, and the rest as far as it was read from the beginning.
 *
 * `live` is the newest part's, in graph and state; every other moment, and all lists, are about what was read from the
 * beginning. Steps are counted from there, so those of the newest part have no number yet.
 */

import type { RunModel } from "./run";
import { RunAnswers } from "./run-answers";
import type { BlameEntry, DiffView, GraphView, Moment, StateQuery, StateRows } from "./views";

type DiffQuery = Parameters<RunAnswers["diffAt"]>[0];
type BlameQuery = Parameters<RunAnswers["blame"]>[0];

export class NewestAnswers extends RunAnswers {
  readonly #live: RunAnswers;
  #adopted = "";

  constructor(
    private readonly whole: RunModel,
    private readonly newest: RunModel,
  ) {
    super(whole);
    this.#live = new RunAnswers(newest);
  }

  override graphAt(moment: Moment): GraphView {
    if (moment.kind !== "live") return super.graphAt(moment);
    const { topology } = this.whole.graph;
    if (topology.identity !== this.#adopted) this.newest.graph.topology.adopt(topology);
    this.#adopted = topology.identity;
    return this.#live.graphAt(moment);
  }

  override stateRows(query: StateQuery): StateRows {
    if (query.moment.kind !== "live") return super.stateRows(query);
    if (query.compare !== null && query.compare !== "previous") throw notYet();
    return { ...this.#live.stateRows(query), step: null };
  }

  override valueAt(moment: Moment, ns: string, path: string): string | null {
    return moment.kind === "live" ? this.#live.valueAt(moment, ns, path) : super.valueAt(moment, ns, path);
  }

  override diffAt(query: DiffQuery): DiffView {
    const { moment, against } = query;
    const isAgainstLive = against !== "previous" && against.kind === "live";
    if (moment.kind !== "live" && !isAgainstLive) return super.diffAt(query);
    if (against !== "previous") throw notYet();
    return { ...this.#live.diffAt(query), fromStep: null, toStep: null };
  }

  override blame(query: BlameQuery): BlameEntry[] {
    if (query.moment.kind === "live") throw notYet();
    return super.blame(query);
  }
}

const notYet = () => new Error("Older records of this run are still being read");
