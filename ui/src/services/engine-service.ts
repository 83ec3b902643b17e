/** The engine's worker side as promises: one method for each of the seam's, each a question to the open run. */

import type { EngineWorkerApi } from "./engine-worker-api";
import type { RunEngine } from "./run-engine";

export function engineService(engine: RunEngine): EngineWorkerApi {
  return {
    listen: async (listener) => engine.listen(listener),
    isAlive: async () => undefined,
    beCareful: async (standsAt, hopeless) => engine.beCareful(standsAt && { standsAt, hopeless }),
    connect: async (target) => engine.connect(target),
    openRun: async (opening, runId) => engine.openRun(opening, runId),
    openFile: async (opening, name, bytes) => engine.openFile(opening, name, bytes),
    retry: async () => engine.retry(),
    resolveMismatch: async () => engine.resolveMismatch(),
    graphAt: async (moment) => engine.answers.graphAt(moment),
    stateRows: async (query) => engine.answers.stateRows(query),
    diffAt: async (query) => engine.answers.diffAt(query),
    valueAt: async (moment, ns, path) => engine.answers.valueAt(moment, ns, path),
    blame: async (query) => engine.answers.blame(query),
    timeline: async (query) => engine.answers.timeline(query),
    eventRows: async (query) => engine.answers.eventRows(query),
    eventDetail: async (index) => engine.answers.eventDetail(index),
    llmCalls: async (moment) => engine.answers.llmCalls(moment),
    llmCall: async (id, moment) => engine.answers.llmCall(id, moment),
    toolCalls: async (moment) => engine.answers.toolCalls(moment),
    stepOf: async (moment) => engine.answers.stepOf(moment),
  };
}
