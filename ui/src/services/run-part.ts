/**
 * A part of a run, in a model of its own, that comes over a connection of its own from a full state on.
 *
 * It lets people see early and proves nothing, so it ends for good when anything is wrong with it: a record that this
 * page does not know, a backlog, another log, a gateway that does not number its steps, a producer that does not count.
 */

import { PART_BOUND } from "../model/horizon";
import type { RunModel } from "../model/run";
import type { Start } from "../protocol/control";
import type { Delivery } from "../protocol/session-types";
import type { Clock } from "./clock";
import type { GatewayLink, LinkEvents } from "./gateway-link";
import { RunFeed } from "./run-feed";

export interface PartSource {
  readonly runId: string;
  readonly clock: Clock;
  /** A link that starts there. */
  readonly connect: (start: Start, events: LinkEvents) => GatewayLink;
}

export interface PartEvents {
  /** Whether the part is of use that begins with this. */
  accepts(delivery: Delivery): boolean;
  /** More of it was applied. */
  changed(): void;
  /** It has all that there is now. */
  caughtUp(): void;
  /** It ended for good. */
  ended(): void;
}

export class RunPart {
  readonly #feed: RunFeed;
  readonly #link: GatewayLink;
  #isNumbered = false;

  constructor(
    { runId, clock, connect }: PartSource,
    start: Start,
    private readonly events: PartEvents,
  ) {
    const end = () => this.#end();
    this.#feed = new RunFeed(
      runId,
      clock,
      () => ({
        applied: (positions, records) => this.#link.applied(positions, records),
        caughtUp: (generation) => {
          this.#link.caughtUp(generation);
          events.caughtUp();
        },
        fellBehind: end,
        mismatch: end,
        startOver: end,
      }),
      () => this.#changed(),
      null,
      PART_BOUND,
    );
    this.#link = connect(start, {
      numbered: (steps) => {
        this.#feed.run.steps.start = Number(steps.get(runId) ?? 0n);
        this.#isNumbered = steps.has(runId);
      },
      delivered: (delivery, generation, size) => {
        const isFirst = this.run.records.length === 0 && delivery.kind === "records";
        if (isFirst && !(this.#isNumbered && events.accepts(delivery))) return end();
        this.#feed.receive(delivery, generation, size);
      },
      discarded: () => this.#feed.discard(),
      restarted: end,
      moved: () => {
        if (this.#link.status.phase === "closed") end();
      },
    });
    this.#link.connect();
  }

  get run(): RunModel {
    return this.#feed.run;
  }

  /** The run, once it has a record; null before. */
  get begun(): RunModel | null {
    return this.run.records.length === 0 ? null : this.run;
  }

  /** Read no more; what is here stays. */
  stop(): void {
    this.#link.stop();
    this.#feed.stop();
  }

  #changed(): void {
    const { records } = this.run;
    if (records.length > 0 && records.sequence(records.first) === 0n) this.#end();
    else this.events.changed();
  }

  #end(): void {
    this.stop();
    this.events.ended();
  }
}
