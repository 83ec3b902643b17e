/**
 * Every state of one namespace of a run: checkpoints and diffs in, verified states at any step out.
 *
 * A step is one transition. A diff is applied exactly when its base is the state at hand, and what comes out must
 * have the announced hash; otherwise the step is in doubt and shows the last state that was reached, until a
 * checkpoint heals. A repeated record changes nothing and raises no alarm.
 *
 * Memory: states share structure. As long as their sum fits the budget every step's state is held; above it only
 * every 2nd, 4th, ... is (and those made by a checkpoint), and the rest is rebuilt from the records when asked for. Where
 * the oldest records are let go, the state that was current there is held in their stead.
 */

import { type Checkpoint, HashAlgorithm, type StateDiff } from "../protocol/gen/dashstream_pb";
import type { JsonValue } from "../protocol/json";
import { applyOps, opsFromWire, parsePointer } from "../protocol/patch";
import { HashedState, sameHash } from "../protocol/state-hash";
import { toHex } from "./attributes";
import { CheckpointAssembly, CheckpointError, type Doubt, parseState, readState } from "./checkpoints";
import { pathCost, shareStructure, slotCount } from "./structure";
import { Tail } from "./tail";

export interface Step {
  /** Row of the record that made it. */
  readonly row: number;
  readonly superstep: bigint | null;
  readonly operations: number;
  /** Hash announced by the producer, in hex: a view of its bytes would keep all of their frame. Empty: none. */
  readonly hash: string;
  doubt: Doubt | null;
  detail: string | null;
  /** The state can be had: held, or by applying this step's record to the step before. */
  origin: "diff" | "full" | "none";
}

export interface StateAtStep {
  readonly value: JsonValue;
  /** The step whose state this is; earlier than asked for while in doubt. */
  readonly step: number;
}

const SLOT_BUDGET = 12_000_000;
const REBUILT_KEPT = 8;

export class StateHistory {
  readonly steps = new Tail<Step>();
  verified = 0;
  /** Every step below this one is verified. */
  verifiedBelow = 0;
  incidents = 0;
  #head: HashedState | null = null;
  #doubt: Doubt | null = "no_checkpoint";
  #detail: string | null = null;
  readonly #assembly = new CheckpointAssembly();
  readonly #held = new Map<number, JsonValue>();
  readonly #pinned = new Set<number>();
  readonly #costs = new Tail<number>();
  #heldCost = 0;
  #stride = 1;
  readonly #rebuilt = new Map<number, JsonValue>();

  /** `diffAt` gives a step's diff record again; null when it is no longer held. */
  constructor(
    private readonly diffAt: (row: number) => StateDiff | null,
    private readonly slotBudget = SLOT_BUDGET,
  ) {}

  /** The newest state that was reached. */
  get head(): JsonValue | undefined {
    return this.#head?.value;
  }

  /** Doubt about the newest state; null when it is verified. */
  get doubt(): Doubt | null {
    return this.#doubt;
  }

  get detail(): string | null {
    return this.#detail;
  }

  applyDiff(row: number, superstep: bigint | null, diff: StateDiff): void {
    const before = this.#head;
    let origin: Step["origin"] = "none";
    try {
      origin = this.#transition(before, diff);
    } catch (error) {
      this.#suspect(error instanceof CheckpointError ? error.doubt : "patch_failed", messageOf(error));
    }
    if (this.#doubt === "hash_mismatch") origin = "none";
    const cost = origin === "diff" && before !== null ? patchCost(before.value, diff) : 1;
    this.#push(
      { row, superstep, operations: diff.operations.length, hash: toHex(diff.stateHash), origin },
      cost,
    );
  }

  #transition(before: HashedState | null, diff: StateDiff): Step["origin"] {
    const known = diff.hashAlgorithm === HashAlgorithm.TREE_1 && diff.stateHash.length > 0;
    if (diff.fullState.length > 0) {
      this.#reset(parseState(diff.fullState), diff.hashAlgorithm, diff.stateHash);
      return "full";
    }
    if (before === null) {
      this.#suspect("no_checkpoint", "no full state came before this change");
      return "none";
    }
    if (known && !sameHash(diff.baseStateHash, before.hash)) {
      if (sameHash(diff.stateHash, before.hash)) this.#trust();
      else this.#suspect("base_mismatch", "an earlier change is missing");
      return "none";
    }
    const next = diff.operations.length === 0 ? before : before.apply(opsFromWire(diff.operations));
    this.#patched(next, known, diff.stateHash);
    return "diff";
  }

  applyCheckpoint(row: number, superstep: bigint | null, checkpoint: Checkpoint): void {
    try {
      const whole = this.#assembly.add(checkpoint);
      if (whole === null) return;
      if (!checkpoint.isTransition && this.#isKnown(checkpoint)) return;
      this.#reset(readState(checkpoint, whole), checkpoint.hashAlgorithm, checkpoint.stateHash);
    } catch (error) {
      this.#suspect(error instanceof CheckpointError ? error.doubt : "checkpoint_damaged", messageOf(error));
    }
    const origin = this.#head === null || this.#doubt === "hash_mismatch" ? "none" : "full";
    const { last } = this.steps;
    if (checkpoint.isTransition || last === undefined || this.#isNews(last, superstep)) {
      const cost = origin === "full" && this.#head !== null ? slotCount(this.#head.value) : 1;
      this.#push({ row, superstep, operations: 0, hash: toHex(checkpoint.stateHash), origin }, cost);
    } else if (origin === "full") this.#heal(last);
  }

  /** The newest step made by a record before `rows`; null when there is none. */
  stepBefore(rows: number): number | null {
    const next = this.steps.indexBelow(rows, ({ row }) => row);
    return next === this.steps.first ? null : next - 1;
  }

  /** The state after a step, or the last one that was reached before it; null when none ever was. */
  stateAt(step: number): StateAtStep | null {
    let reached = Math.min(step, this.steps.length - 1);
    while (this.steps.at(reached)?.origin === "none") reached -= 1;
    if (reached < this.steps.first) return null;
    const value = this.#held.get(reached) ?? this.#rebuilt.get(reached) ?? this.#rebuild(reached);
    return value === undefined ? null : { value, step: reached };
  }

  /** Forget the steps before the one that was current once `row` was applied; it is as if that record had made it. */
  letGoBefore(row: number): void {
    const { steps } = this;
    const base = this.stepBefore(row + 1);
    if (base === null) return;
    const asked = steps.at(base) as Step;
    const at = base === steps.first ? null : this.stateAt(base);
    if (at === null) steps.replace(base, { ...asked, row });
    else {
      // In doubt it shows an earlier state, which has that step's hash.
      const { hash } = steps.at(at.step) as Step;
      steps.replace(base, { ...asked, row, hash, origin: "full" });
      this.#hold(base, at.value, slotCount(at.value), true);
    }
    for (const step of this.#held.keys()) if (step < base) this.#forget(step);
    for (const step of this.#pinned) if (step < base) this.#pinned.delete(step);
    for (const step of this.#rebuilt.keys()) if (step < base) this.#rebuilt.delete(step);
    steps.letGoBefore(base);
    this.#costs.letGoBefore(base);
  }

  #isKnown(checkpoint: Checkpoint): boolean {
    return (
      this.#head !== null &&
      this.#doubt === null &&
      checkpoint.hashAlgorithm === HashAlgorithm.TREE_1 &&
      sameHash(checkpoint.stateHash, this.#head.hash)
    );
  }

  /** Whether a checkpoint shows a transition whose own record never came. */
  #isNews(last: Step, superstep: bigint | null): boolean {
    return last.doubt === null || last.superstep !== superstep;
  }

  #reset(value: JsonValue, algorithm: HashAlgorithm, expected: Uint8Array): void {
    const fresh = HashedState.of(shareStructure(this.#head?.value, value));
    this.#patched(fresh, algorithm === HashAlgorithm.TREE_1 && expected.length > 0, expected);
  }

  #patched(next: HashedState, known: boolean, expected: Uint8Array): void {
    if (known) return this.#settle(next, expected);
    this.#head = next;
    this.#doubt = "unverifiable";
    this.#detail = "the producer sent no hash that this page can compare";
  }

  #settle(next: HashedState, expected: Uint8Array): void {
    if (!sameHash(next.hash, expected)) {
      return this.#suspect("hash_mismatch", "the state differs from the producer's");
    }
    this.#head = next;
    this.#trust();
  }

  #trust(): void {
    this.#doubt = null;
    this.#detail = null;
  }

  #suspect(doubt: Doubt, detail: string): void {
    this.#doubt = doubt;
    this.#detail = detail;
    this.incidents += 1;
  }

  #heal(step: Step): void {
    step.doubt = this.#doubt;
    step.detail = this.#detail;
    step.origin = "full";
    if (step.doubt === null) this.#verify();
    const state = this.#head?.value;
    if (state !== undefined) this.#hold(this.steps.length - 1, state, slotCount(state), true);
  }

  #push(made: Omit<Step, "doubt" | "detail">, cost: number): void {
    const step = this.steps.length;
    // A step that only confirmed the state at hand has that state.
    const origin = made.origin === "none" && this.#doubt === null ? "full" : made.origin;
    // Member by member: every object that is spread from another one costs a shape of its own, more than itself.
    this.steps.push({
      row: made.row,
      superstep: made.superstep,
      operations: made.operations,
      hash: made.hash,
      doubt: this.#doubt,
      detail: this.#detail,
      origin,
    });
    this.#costs.push(cost);
    if (this.#doubt === null) this.#verify();
    const state = this.#head?.value;
    if (origin !== "none" && state !== undefined) this.#hold(step, state, cost, origin === "full");
  }

  #verify(): void {
    this.verified += 1;
    while (this.steps.at(this.verifiedBelow)?.doubt === null) this.verifiedBelow += 1;
  }

  #hold(step: number, state: JsonValue, cost: number, pin: boolean): void {
    if (pin) this.#pinned.add(step);
    if (!pin && step % this.#stride !== 0) return;
    this.#forget(step);
    this.#held.set(step, state);
    this.#costs.replace(step, cost);
    this.#heldCost += cost;
    if (this.#heldCost > this.slotBudget && this.#stride < 1 << 20) this.#thin();
  }

  #thin(): void {
    this.#stride *= 2;
    for (const step of this.#held.keys()) {
      if (step % this.#stride !== 0 && !this.#pinned.has(step)) this.#forget(step);
    }
  }

  #forget(step: number): void {
    if (this.#held.delete(step)) this.#heldCost -= this.#costs.at(step) ?? 0;
  }

  #rebuild(step: number): JsonValue | undefined {
    let start = step - 1;
    while (start >= this.steps.first && !this.#held.has(start) && !this.#rebuilt.has(start)) start -= 1;
    let value = this.#held.get(start) ?? this.#rebuilt.get(start);
    for (let next = start + 1; next <= step && value !== undefined; next += 1) {
      const made = this.steps.at(next) as Step;
      if (made.origin === "none" || made.operations === 0) continue;
      const diff = this.diffAt(made.row);
      value = diff === null ? undefined : applyOps(value, opsFromWire(diff.operations));
    }
    if (value !== undefined) this.#remember(step, value);
    return value;
  }

  #remember(step: number, value: JsonValue): void {
    this.#rebuilt.set(step, value);
    const oldest = this.#rebuilt.keys().next().value;
    if (this.#rebuilt.size > REBUILT_KEPT && oldest !== undefined) this.#rebuilt.delete(oldest);
  }
}

/** Slots of the containers that the operations copied. */
function patchCost(before: JsonValue, diff: StateDiff): number {
  return diff.operations.reduce((sum, op) => sum + 1 + pathCost(before, parsePointer(op.path)), 1);
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200);
}
