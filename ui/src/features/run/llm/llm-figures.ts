/** Figures of an LLM call that follow from what was recorded. */

import { count, plural } from "../../../model/display";
import type { LlmCall } from "../../../stores/engine";

const US_PER_S = 1_000_000;

/** Completion tokens per second of streaming; of the whole call where no token streamed. Null when not known. */
export function tokensPerSecond(call: LlmCall): number | null {
  if (call.endUs === null || call.completionTokens === null) return null;
  const tookUs = call.endUs - (call.firstTokenUs ?? call.startUs);
  return tookUs > 0 ? (call.completionTokens * US_PER_S) / tookUs : null;
}

export function speedText(call: LlmCall): string {
  const speed = tokensPerSecond(call);
  return speed === null ? "–" : `${speed < 10 ? speed.toFixed(1) : Math.round(speed)} tok/s`;
}

/** Microseconds from the call's start to its first token; null when none came. */
export function firstTokenLatency(call: LlmCall): number | null {
  return call.firstTokenUs === null ? null : Math.max(0, call.firstTokenUs - call.startUs);
}

export const missingText = (call: LlmCall): string =>
  `${plural(call.missingChunks, "piece")} of the text never came`;

/** Tokens used, as far as the model reported them. */
export function usageText({ promptTokens, completionTokens, totalTokens, status }: LlmCall): string {
  if (promptTokens === null && completionTokens === null) {
    if (totalTokens !== null) return `${count(totalTokens)} in all`;
    return status === "running" ? "not yet known" : "not reported";
  }
  const side = (tokens: number | null) => (tokens === null ? "?" : count(tokens));
  return `${side(promptTokens)} in, ${side(completionTokens)} out`;
}
