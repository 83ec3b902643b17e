/** What the worker offers to the page over Comlink: the engine's questions, and openings with their number. */

import type { EngineApi } from "../stores/engine";
import type { FrameListener, Target } from "./run-engine";
import type { Care } from "./run-feed";

type Questions = Omit<
  EngineApi,
  "connect" | "openRun" | "openFile" | "retry" | "resolveMismatch" | "onFrame"
>;

export interface EngineWorkerApi extends Questions {
  /** Resolves once the worker runs. */
  listen(listener: FrameListener): Promise<void>;
  /** Resolves when the worker is not busy with anything else. */
  isAlive(): Promise<void>;
  /** Say where it stands in what is opened next, and set these records aside; null: neither. */
  beCareful(standsAt: Care["standsAt"] | null, hopeless: Care["hopeless"]): Promise<void>;
  connect(target: Target): Promise<void>;
  openRun(opening: number, runId: string | null): Promise<void>;
  openFile(opening: number, name: string, bytes: ArrayBuffer): Promise<void>;
  retry(): Promise<void>;
  resolveMismatch(): Promise<void>;
}
