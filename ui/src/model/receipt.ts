/** The receipt of a run: what came, what is missing, what is proven. */

import type { GapInfo, LossInfo, Receipt, UndecodableInfo, Verification } from "./frame";
import type { Producers } from "./producers";

export const GAPS_SHOWN = 100;
const UNDECODABLES_SHOWN = 20;

export interface ReceiptInput {
  readonly received: number;
  readonly producers: Producers;
  /** The run's first record is here, and its last. */
  readonly hasStart: boolean;
  readonly hasEnd: boolean;
  readonly steps: number;
  readonly verifiedSteps: number;
  /** Every step below this one is verified. */
  readonly verifiedBelow: number;
  readonly verification: Verification;
  readonly losses: readonly LossInfo[];
}

/** Counts what the run's items do not tell: gaps in delivery, repeats, records that were set aside. */
export class ReceiptBook {
  duplicates = 0;
  undecodable = 0;
  readonly #undecodables: UndecodableInfo[] = [];
  readonly #gaps: GapInfo[] = [];
  #gapCount = 0;

  gap(gap: GapInfo): void {
    this.#gapCount += 1;
    if (this.#gaps.length < GAPS_SHOWN) this.#gaps.push(gap);
  }

  setAside(record: UndecodableInfo): void {
    this.undecodable += 1;
    if (this.#undecodables.length < UNDECODABLES_SHOWN) this.#undecodables.push(record);
  }

  view(input: ReceiptInput): Receipt {
    const { producers, received, losses } = input;
    const missing = Number(producers.missing) + this.#gaps.reduce((sum, { count }) => sum + (count ?? 0), 0);
    const holes = this.#gapCount + producers.holeCount;
    const isKnown = received > 0 || this.undecodable > 0;
    return {
      received,
      total: isKnown ? received + missing + this.undecodable : null,
      complete: input.hasStart && input.hasEnd && holes === 0 && this.undecodable === 0,
      gaps: [...this.#gaps, ...sequenceGaps(producers, this.#gaps)],
      missing,
      duplicates: this.duplicates,
      undecodable: this.undecodable,
      undecodables: [...this.#undecodables],
      verifiedSteps: input.verifiedSteps,
      steps: input.steps,
      verification: input.verification,
      verifiedThrough: input.verifiedBelow === 0 ? null : input.verifiedBelow - 1,
      losses: [...losses],
    };
  }
}

/** What the producer's count says is missing of the run; a gap in delivery at the same step is why. */
function sequenceGaps(producers: Producers, delivery: readonly GapInfo[]): GapInfo[] {
  return producers.holes(GAPS_SHOWN - delivery.length).map(({ from, to, step }) => ({
    kind: "sequence",
    reason: delivery.find((gap) => gap.step === step)?.reason ?? "unexplained",
    partition: null,
    from: String(from),
    to: String(to),
    count: Number(to - from),
    step,
  }));
}
