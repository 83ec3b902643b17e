/**
 * The engine's worker side as promises: one method for each of the seam's, each a question to the open run, asked
 * once the run has the moment that it is about.
 */

import type { Answers } from "../model/run-answers";
import type { Moment } from "../model/views";
import type { EngineWorkerApi } from "./engine-worker-api";
import type { RunEngine } from "./run-engine";

export function engineService(engine: RunEngine): EngineWorkerApi {
  const about = async <T>(moment: Moment, ask: (answers: Answers) => T): Promise<T> => {
    await engine.reach(moment);
    return ask(engine.answers);
  };
  return {
    listen: async (listener) => engine.listen(listener),
    isAlive: async () => undefined,
    beCareful: async (standsAt, hopeless) => engine.beCareful(standsAt && { standsAt, hopeless }),
    connect: async (target) => engine.connect(target),
    openRun: async (opening, runId) => engine.openRun(opening, runId),
    openFile: async (opening, name, bytes) => engine.openFile(opening, name, bytes),
    retry: async () => engine.retry(),
    resolveMismatch: async () => engine.resolveMismatch(),
    graphAt: (moment) => about(moment, (answers) => answers.graphAt(moment)),
    stateRows: (query) => about(query.moment, (answers) => answers.stateRows(query)),
    diffAt: (query) => about(query.moment, (answers) => answers.diffAt(query)),
    valueAt: (moment, ns, path) => about(moment, (answers) => answers.valueAt(moment, ns, path)),
    blame: (query) => about(query.moment, (answers) => answers.blame(query)),
    timeline: async (query) => engine.answers.timeline(query),
    eventRows: async (query) => engine.answers.eventRows(query),
    eventDetail: async (id) => engine.answers.eventDetail(id),
    llmCalls: (moment) => about(moment, (answers) => answers.llmCalls(moment)),
    llmCall: (id, moment) => about(moment, (answers) => answers.llmCall(id, moment)),
    toolCalls: (moment) => about(moment, (answers) => answers.toolCalls(moment)),
    stepOf: (moment) => about(moment, (answers) => answers.stepOf(moment)),
  };
}
