/** The receipt in words: what arrived of what was sent, and whether the states are proven. */

import { count, plural } from "../../../model/display";
import type { GapInfo, LossInfo, Receipt } from "../../../stores/engine";
import type { Tone } from "../../../widgets/chip";

export function deliveryWords({ received, total, gaps }: Receipt): string {
  const records =
    total === null ? plural(received, "record") : `${count(received)} of ${plural(total, "record")}`;
  return `${records}, ${plural(gaps.length, "gap")}`;
}

export function verificationWords({ verification, verifiedThrough, steps }: Receipt): string {
  switch (verification) {
    case "verified":
      return "state verified";
    case "pending":
      if (steps === 0) return "no state yet";
      return verifiedThrough === null ? "verifying" : `verified through step ${count(verifiedThrough)}`;
    case "unverified":
      return "state not verified";
    case "mismatch":
      return "state does not match";
  }
}

/** The most severe thing that the receipt says. */
export function receiptTone(receipt: Receipt): Tone {
  if (receipt.verification === "mismatch") return "error";
  if (receipt.gaps.length > 0 || receipt.missing > 0 || receipt.undecodable > 0 || receipt.losses.length > 0)
    return "loss";
  if (receipt.verification === "unverified") return "waiting";
  return receipt.complete ? "ok" : "running";
}

const GAP_REASONS: Record<GapInfo["reason"], string> = {
  lost: "the log lost them",
  not_retained: "the log no longer keeps them",
  epoch_changed: "the log was recreated",
  unexplained: "nothing explains it",
};

export function gapWords({ kind, partition, from, to, count: missing, reason, step }: GapInfo): string {
  const what =
    kind === "delivery"
      ? `offsets ${from} to before ${to} of partition ${partition}`
      : `sequences ${from} to before ${to}`;
  const many = missing === null ? "an unknown number of records" : plural(missing, "record");
  const where = step === null ? "before the first step" : `after step ${count(step)}`;
  return `${many} (${what}) ${where}: ${GAP_REASONS[reason]}`;
}

const LOSS_REASONS: Record<LossInfo["reason"], string> = {
  queue_full: "its queue was full",
  too_large: "they were too large",
  spool_full: "its disk spool was full",
  encode_failed: "they could not be encoded",
  rejected: "the gateway refused them",
  exit: "the program ended first",
  unknown: "for an unknown reason",
};

export function lossWords({ count: dropped, kind, reason, step }: LossInfo): string {
  const where = step === null ? "" : ` at step ${count(step)}`;
  return `${plural(dropped, `${kind.replaceAll("_", " ")} record`)} dropped by the producer${where}: ${LOSS_REASONS[reason]}`;
}

/** What the receipt proves, as one sentence. */
export function verdictWords(receipt: Receipt): string {
  if (receipt.verification === "mismatch")
    return "A state that was recomputed here differs from the program's own. It heals from the next checkpoint.";
  if (receipt.complete && receipt.verification === "verified")
    return "Every record of this run is here, once and in order, and every state equals the program's own.";
  if (receipt.gaps.length > 0 || receipt.missing > 0)
    return "Records of this run are missing. Where they are missing is marked.";
  if (receipt.undecodable > 0) return "Some records could not be read and were set aside.";
  if (receipt.verification === "unverified")
    return "All that was received is shown; the producer sent no hashes to prove its states with.";
  return "All that was sent so far is here; the run goes on.";
}
