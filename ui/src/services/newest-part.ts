/**
 * The newest part of a large run, to be seen while the whole is read from its beginning.
 *
 * A run is taken for large when much of the log lies between its first record and the end. Its newest part begins at
 * its latest full state and comes over a connection of its own into a model of its own. It is dropped for good once
 * the whole has caught up, when it would save little, and when anything is wrong with it: it lets people see early,
 * and proves nothing.
 */

import type { RunModel } from "../model/run";
import type { Welcome } from "../protocol/control";
import type { Delivery } from "../protocol/session-types";
import type { Clock } from "./clock";
import type { GatewayLink, LinkEvents } from "./gateway-link";
import { RunFeed } from "./run-feed";

/** Records of the log from which on a run is large: more are not applied in a moment. */
export const LARGE_RUN = 20_000n;

export interface NewestPartOptions {
  readonly runId: string;
  readonly clock: Clock;
  /** A link that starts at the run's latest full state. */
  readonly connect: (events: LinkEvents) => GatewayLink;
  readonly changed: () => void;
}

interface Extent {
  readonly partition: number;
  readonly first: bigint;
  readonly size: bigint;
}

export class NewestPart {
  #heads: Welcome["partitions"] = [];
  #isDecided = false;
  #isCaughtUp = false;
  #feed: RunFeed | null = null;
  #link: GatewayLink | null = null;
  #droppedRevision = 0;

  constructor(private readonly options: NewestPartOptions) {}

  /** The newest part once it is whole; null before that, and once it was dropped. */
  get run(): RunModel | null {
    return this.#isCaughtUp ? (this.#feed?.run ?? null) : null;
  }

  /** Grows with every change, also when the part is dropped. */
  get revision(): number {
    return this.#droppedRevision + (this.run === null ? 0 : (this.#feed?.revision ?? 0));
  }

  welcomed({ partitions }: Welcome): void {
    this.#heads = partitions;
  }

  /** Something of the whole was delivered; the first record tells how large the run is at most. */
  wholeDelivered(delivery: Delivery): void {
    const entry = delivery.kind === "records" ? delivery.entries[0] : undefined;
    if (this.#isDecided || entry === undefined) return;
    this.#isDecided = true;
    const head = this.#heads.find(({ partition }) => partition === entry.partition)?.high ?? 0n;
    const size = head - entry.offset;
    if (size >= LARGE_RUN) this.#read({ partition: entry.partition, first: entry.offset, size });
  }

  drop(): void {
    this.#isDecided = true;
    if (this.#feed === null) return;
    this.#droppedRevision = this.revision + 1;
    this.#link?.stop();
    this.#feed.stop();
    this.#link = null;
    this.#feed = null;
    this.options.changed();
  }

  #read(whole: Extent): void {
    const { runId, clock, connect, changed } = this.options;
    const drop = () => this.drop();
    const feed = new RunFeed(
      runId,
      clock,
      () => ({
        applied: (positions, records) => this.#link?.applied(positions, records),
        caughtUp: (generation) => {
          this.#link?.caughtUp(generation);
          this.#isCaughtUp = true;
          changed();
        },
        fellBehind: drop,
        mismatch: drop,
        startOver: drop,
      }),
      () => this.run !== null && changed(),
      null,
    );
    this.#feed = feed;
    this.#link = connect({
      delivered: (delivery, generation, size) => {
        if (this.#feed !== feed) return;
        if (feed.run.records.length === 0 && isMost(delivery, whole)) this.drop();
        else feed.receive(delivery, generation, size);
      },
      discarded: () => feed.discard(),
      restarted: drop,
      moved: () => {
        if (this.#link?.status.phase === "closed") this.drop();
      },
    });
    this.#link.connect();
  }
}

/** The newest part is most of the run, or not of it: the whole is there as soon. */
function isMost(delivery: Delivery, { partition, first, size }: Extent): boolean {
  const entry = delivery.kind === "records" ? delivery.entries[0] : undefined;
  return entry !== undefined && (entry.partition !== partition || 2n * (entry.offset - first) < size);
}
