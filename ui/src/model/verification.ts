/** What is to be said of a step's state: whether it is proven, and if not, why, in words. */

import type { Doubt } from "./checkpoints";
import type { Verification } from "./frame";
import type { StateHistory, Step } from "./state-history";

const WORDS: Readonly<Record<Doubt, string>> = {
  no_checkpoint: "No full state has arrived yet",
  base_mismatch: "A change before this one is missing; the next full state heals it",
  hash_mismatch: "The state differs from the producer's; the next full state heals it",
  patch_failed: "A change does not fit the state; the next full state heals it",
  chunk_missing: "A part of a full state is missing",
  checkpoint_damaged: "A full state is damaged",
  unverifiable: "The producer sent no hash that this page can compare",
  not_held: "The records that make this state are no longer held",
};

/** A doubt that says nothing against the state is "unverified", any other a "mismatch". */
export function verificationOf(doubt: Doubt | null): Verification {
  if (doubt === null) return "verified";
  return doubt === "no_checkpoint" || doubt === "unverifiable" || doubt === "not_held"
    ? "unverified"
    : "mismatch";
}

export function problemOf(step: Pick<Step, "doubt" | "detail">): string | null {
  if (step.doubt === null) return null;
  const words = WORDS[step.doubt];
  return step.detail === null ? words : `${words} (${step.detail})`;
}

/** Of a whole history: as its newest step, except that "verified" takes all of them. */
export function verificationOfAll(history: StateHistory | undefined): Verification {
  const last = history?.steps.last;
  if (history === undefined || last === undefined) return "pending";
  const newest = verificationOf(last.doubt);
  return newest === "verified" && history.verified < history.steps.length ? "unverified" : newest;
}
