/**
 * What surrounds each step of the root state: when it was made, by which nodes, and until which record it lasts.
 *
 * A step lasts from its transition until the next node starts, so that a pause or the end of the run, which follow
 * the last transition, are part of the last step. Where the run is known from a full state on, its first step has the
 * number `start`, which is the step that this state shows.
 */

import { EventType } from "../protocol/gen/dashstream_pb";
import { float64 } from "./columns";
import { type Item, nodeIdOf } from "./items";
import { Tail } from "./tail";

const NOBODY: readonly string[] = [];

export class RunSteps {
  /** Number of the first step that came; set before there is one. */
  start = 0;
  readonly #ends = float64();
  /** Rows up to which a step lasts; the last one's is not known until a node starts. */
  readonly #rows = new Tail<number>();
  /** Nodes that ran in a superstep, and the row of the newest start of one. */
  readonly #nodes = new Map<bigint, { names: string[]; row: number }>();

  /** Number of the first step that is held. */
  get first(): number {
    return this.start + this.#ends.first;
  }

  /** Steps that came, held or not. */
  get count(): number {
    return this.#ends.length;
  }

  /** The newest step; null before the first. */
  get newest(): number | null {
    return this.count === 0 ? null : this.end - 1;
  }

  /** The number after the newest step's. */
  get end(): number {
    return this.start + this.count;
  }

  /** Whether a step is known, and where it ends. */
  isClosed(step: number): boolean {
    return this.#rows.at(step - this.start) !== undefined;
  }

  /** A transition was made by the record at `row`. */
  push(row: number, timestampUs: number): void {
    this.#close(row);
    this.#ends.push(timestampUs);
  }

  /** Take note of a node that starts. */
  apply(row: number, item: Item): void {
    if (item.message.case !== "event" || item.message.value.eventType !== EventType.NODE_START) return;
    this.#close(row);
    const { checkpointNs, superstep } = item.header;
    if (checkpointNs !== "" || superstep === undefined) return;
    const nodes = this.#nodes.get(superstep);
    const node = nodeIdOf(item);
    if (nodes === undefined) {
      this.#nodes.set(superstep, { names: [node], row });
      return;
    }
    nodes.row = row;
    if (!nodes.names.includes(node)) nodes.names.push(node);
  }

  /** Number of records up to the end of a step, of `length` in all. */
  rowsThrough(step: number, length: number): number {
    return step < this.first ? 0 : (this.#rows.at(step - this.start) ?? length);
  }

  /** When a step was made. */
  endUs(step: number): number {
    return this.#ends.at(step - this.start);
  }

  /** When a step began: when the one before was made, for the first one when what is held starts. */
  startUs(step: number, heldFromUs: number): number {
    return Math.min(step === this.first ? heldFromUs : this.endUs(step - 1), this.endUs(step));
  }

  /** Nodes of the root graph that ran in a superstep. */
  nodesOf(superstep: bigint | null): readonly string[] {
    return superstep === null ? NOBODY : (this.#nodes.get(superstep)?.names ?? NOBODY);
  }

  /** Forget the steps before the one at an index, and the nodes that ran in them; without steps those before `row`. */
  letGoBefore(row: number, index: number): void {
    const ended = this.count === 0 ? row : (this.#rows.at(index - 1) ?? 0);
    for (const [superstep, nodes] of this.#nodes) if (nodes.row < ended) this.#nodes.delete(superstep);
    this.#ends.letGoBefore(index);
    this.#rows.letGoBefore(index);
  }

  #close(row: number): void {
    if (this.#rows.length < this.count) this.#rows.push(row);
  }
}
