/** Starts the engine's worker in the browser. */

import { proxy, wrap } from "comlink";
import type { EngineWorkerPort } from "./engine-client";
import type { EngineWorkerApi } from "./engine-worker-api";

export function spawnEngineWorker(): EngineWorkerPort {
  const worker = new Worker(new URL("./engine.worker.ts", import.meta.url), { type: "module" });
  const remote = wrap<EngineWorkerApi>(worker);
  return {
    api: remote,
    proxy,
    onFailure(listener) {
      worker.onerror = (event) => {
        event.preventDefault();
        listener(event.message || "its program could not be loaded");
      };
      worker.onmessageerror = () => listener("a message could not be read");
    },
    terminate: () => worker.terminate(),
  };
}
