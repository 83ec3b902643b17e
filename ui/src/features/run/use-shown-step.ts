/**
 * The step that the playhead shows: a moment may be live, or beyond what has arrived, before
 * the horizon, or given by a sequence.
 */

import type { EngineApi, Moment, RunFrame } from "../../stores/engine";
import { useAnswer } from "./use-answer";

/** -1 while there is no step. */
export function useShownStep(engine: EngineApi, frame: RunFrame, moment: Moment): number {
  const last = frame.steps - 1;
  const sequence = moment.kind === "sequence" ? moment.sequence : null;
  const key = sequence === null ? "none" : `${frame.openId} ${frame.steps} ${sequence}`;
  const found = useAnswer(key, async () => (moment.kind === "sequence" ? engine.stepOf(moment) : null));
  if (moment.kind === "live") return last;
  const asked = moment.kind === "step" ? moment.step : (found.value ?? -1);
  return Math.min(last, Math.max(frame.horizon?.step ?? -1, asked));
}
