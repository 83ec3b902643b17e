/**
 * The engine as the page has it: a worker, started when first needed and started again when it fails.
 *
 * Law 1: after `openRun` or `openFile` no frame of an earlier opening is told.
 * Law 2: a question never hangs: it is answered, or rejected when its worker fails.
 * Law 3: a worker that says nothing for some seconds is told as stalled; one that hangs is ended like one that fails.
 * Law 4: a failing worker is told as a frame with the reason; it is started again with growing pauses and gets back
 * what was open. After five failures in a row it stays closed until `retry`.
 * Law 5: a record on which workers die is found out and set aside; what was open goes on behind it.
 */

import { emptyFrame } from "../model/empty-frame";
import type { ConnectionPhase, IntakeHealth, RunFrame } from "../model/frame";
import { backoffMs } from "../protocol/backoff";
import type { EngineApi } from "../stores/engine";
import type { Clock } from "./clock";
import type { EngineWorkerApi } from "./engine-worker-api";
import type { FrameListener, Target } from "./run-engine";
import { Suspects } from "./suspects";
import { WorkerPulse } from "./worker-pulse";

const START_TIMEOUT_MS = 20_000;
const MAX_FAILURES = 5;
/** A worker that lived this long has recovered. */
const STABLE_MS = 60_000;

/** A worker that was just started. */
export interface EngineWorkerPort {
  readonly api: EngineWorkerApi;
  /** Wrap a listener so that it can cross to the worker. */
  readonly proxy: <T extends (...told: never[]) => unknown>(listener: T) => T;
  onFailure(listener: (message: string) => void): void;
  terminate(): void;
}

export interface EngineClientOptions {
  readonly spawn: () => EngineWorkerPort;
  readonly clock: Clock;
  readonly random: () => number;
}

interface Running {
  readonly port: EngineWorkerPort;
  /** Rejects when the worker fails; never resolves. */
  readonly failed: Promise<never>;
  readonly fail: (error: Error) => void;
  readonly startedMs: number;
}

type Opened =
  | { readonly kind: "run"; readonly id: string | null }
  | { readonly kind: "file"; readonly name: string; readonly bytes: ArrayBuffer };

export class EngineClient implements EngineApi {
  readonly #listeners = new Set<(frame: RunFrame) => void>();
  #frame: RunFrame = emptyFrame(null);
  #running: Running | null = null;
  #target: Target | null = null;
  #opened: Opened = { kind: "run", id: null };
  #opening = 0;
  #suspects = new Suspects();
  #failures = 0;
  #stopRestart: (() => void) | null = null;
  #isGivenUp = false;
  #pulse: WorkerPulse | null = null;

  constructor(private readonly options: EngineClientOptions) {}

  connect({ wsUrl, token }: Target): void {
    this.#target = { wsUrl, token };
    this.#command((api) => api.connect({ wsUrl, token }));
  }

  openRun(runId: string | null): void {
    if (runId !== null && this.#opened.kind === "run" && this.#opened.id === runId) return;
    this.#opened = { kind: "run", id: runId };
    const opening = this.#begin(runId);
    this.#command((api) => api.openRun(opening, runId));
  }

  async openFile(name: string, bytes: ArrayBuffer): Promise<void> {
    const before = { opened: this.#opened, frame: this.#frame };
    this.#opened = { kind: "file", name, bytes };
    const opening = this.#begin(name);
    try {
      await this.#ask((api) => api.openFile(opening, name, bytes));
    } catch (error) {
      if (opening === this.#opening) this.#reopen(before.opened, before.frame.openId);
      throw error;
    }
  }

  retry(): void {
    if (this.#running !== null) return this.#command((api) => api.retry());
    this.#failures = 0;
    this.#isGivenUp = false;
    this.#restart();
  }

  resolveMismatch(): void {
    this.#command((api) => api.resolveMismatch());
  }

  onFrame(listener: (frame: RunFrame) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#frame);
    return () => this.#listeners.delete(listener);
  }

  graphAt: EngineApi["graphAt"] = (moment) => this.#ask((api) => api.graphAt(moment));
  stateRows: EngineApi["stateRows"] = (query) => this.#ask((api) => api.stateRows(query));
  diffAt: EngineApi["diffAt"] = (query) => this.#ask((api) => api.diffAt(query));
  valueAt: EngineApi["valueAt"] = (moment, ns, path) => this.#ask((api) => api.valueAt(moment, ns, path));
  blame: EngineApi["blame"] = (query) => this.#ask((api) => api.blame(query));
  timeline: EngineApi["timeline"] = (query) => this.#ask((api) => api.timeline(query));
  eventRows: EngineApi["eventRows"] = (query) => this.#ask((api) => api.eventRows(query));
  eventDetail: EngineApi["eventDetail"] = (id) => this.#ask((api) => api.eventDetail(id));
  llmCalls: EngineApi["llmCalls"] = (moment) => this.#ask((api) => api.llmCalls(moment));
  llmCall: EngineApi["llmCall"] = (id, moment) => this.#ask((api) => api.llmCall(id, moment));
  toolCalls: EngineApi["toolCalls"] = (moment) => this.#ask((api) => api.toolCalls(moment));
  stepOf: EngineApi["stepOf"] = (moment) => this.#ask((api) => api.stepOf(moment));

  /** A new opening: nothing of an earlier one is told from here on. */
  #begin(openId: string | null): number {
    this.#opening += 1;
    if (this.#suspects.isCareful) this.#command((api) => api.beCareful(null, []));
    this.#suspects = new Suspects();
    this.#tell(emptyFrame(openId));
    return this.#opening;
  }

  #reopen(opened: Opened, openId: string | null): void {
    this.#opened = opened;
    const opening = this.#begin(openId);
    this.#command((api) => open(api, opening, opened));
  }

  #ask<T>(question: (api: EngineWorkerApi) => Promise<T>): Promise<T> {
    const running = this.#worker();
    if (running === null) return Promise.reject(new Error("The page's engine is being started again"));
    return Promise.race([question(running.port.api), running.failed]);
  }

  /** Like a question, but nobody waits: a failure shows in the frames. */
  #command(command: (api: EngineWorkerApi) => Promise<void>): void {
    this.#ask(command).catch(() => undefined);
  }

  #worker(): Running | null {
    const isWaiting = this.#stopRestart !== null || this.#isGivenUp;
    if (this.#running === null && !isWaiting) this.#start();
    return this.#running;
  }

  #start(): void {
    const { clock, spawn } = this.options;
    let fail: (error: Error) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => undefined);
    let port: EngineWorkerPort;
    try {
      port = spawn();
    } catch (error) {
      return this.#fell(null, error instanceof Error ? error.message : String(error));
    }
    const running: Running = { port, failed, fail, startedMs: clock.nowMs() };
    this.#running = running;
    port.onFailure((message) => this.#fell(running, message));
    const stopWaiting = clock.after(START_TIMEOUT_MS, () => this.#fell(running, "it did not start in time"));
    const listener: FrameListener = (opening, frame) => {
      if (running === this.#running && opening === this.#opening) this.#tell(frame);
      return undefined;
    };
    const begun = () => {
      stopWaiting();
      if (running === this.#running) this.#watch(running);
    };
    port.api.listen(port.proxy(listener)).then(begun, (error: unknown) => {
      stopWaiting();
      this.#fell(running, error instanceof Error ? error.message : String(error));
    });
  }

  /** A silent worker is shown as stalled until it answers again; one that is gone has failed. */
  #watch(running: Running): void {
    let before: IntakeHealth | null = null;
    let shown: IntakeHealth | null = null;
    this.#pulse = new WorkerPulse(this.options.clock, {
      ask: () => running.port.api.isAlive(),
      silent: () => {
        if (this.#frame.intake === shown) return;
        before = this.#frame.intake;
        shown = { ...before, level: "stalled" };
        this.#tell({ ...this.#frame, intake: shown });
      },
      back: () => {
        if (before !== null && this.#frame.intake === shown) this.#tell({ ...this.#frame, intake: before });
      },
      gone: () => this.#fell(running, "it no longer answers"),
    });
  }

  /** The worker is of no use any more. */
  #fell(running: Running | null, message: string): void {
    if (running !== this.#running) return;
    const { clock, random } = this.options;
    if (running !== null && clock.nowMs() - running.startedMs >= STABLE_MS) this.#failures = 0;
    this.#running = null;
    this.#pulse?.stop();
    running?.port.terminate();
    this.#failures = this.#suspects.died(message) ? 0 : this.#failures + 1;
    const reason = `The page's engine stopped: ${message}`;
    running?.fail(new Error(reason));
    if (this.#failures >= MAX_FAILURES) {
      this.#isGivenUp = true;
      return this.#tellFailure("closed", reason, "Try again, or reload the page", null);
    }
    const waitMs = backoffMs(Math.max(1, this.#failures), random());
    this.#stopRestart = clock.after(waitMs, () => this.#restart());
    this.#tellFailure("connecting", reason, "It is being started again", waitMs);
  }

  #restart(): void {
    this.#stopRestart?.();
    this.#stopRestart = null;
    this.#start();
    const target = this.#target;
    const opening = this.#opening;
    const opened = this.#opened;
    const { isCareful, hopeless, standsAt } = this.#suspects;
    const port = this.#running?.port;
    if (isCareful && port) this.#command((api) => api.beCareful(port.proxy(standsAt), hopeless));
    if (target !== null) this.#command((api) => api.connect(target));
    this.#command((api) => open(api, opening, opened));
  }

  #tellFailure(phase: ConnectionPhase, reason: string, remedy: string, retryInMs: number | null): void {
    const { connection } = this.#frame;
    this.#tell({
      ...this.#frame,
      connection: { ...connection, phase, reason, remedy, retryInMs, attempt: this.#failures },
    });
  }

  #tell(frame: RunFrame): void {
    this.#frame = frame;
    for (const listener of this.#listeners) listener(frame);
  }
}

function open(api: EngineWorkerApi, opening: number, opened: Opened): Promise<void> {
  return opened.kind === "run"
    ? api.openRun(opening, opened.id)
    : api.openFile(opening, opened.name, opened.bytes);
}
