/** The engine's newest frame, as a value that views follow. */

import { useMemo, useSyncExternalStore } from "react";
import type { EngineApi, RunFrame } from "./engine";

/** Null until the engine has said anything. */
export function useFrame(engine: EngineApi): RunFrame | null {
  const source = useMemo(() => frameSource(engine), [engine]);
  return useSyncExternalStore(source.subscribe, source.current);
}

function frameSource(engine: EngineApi) {
  let newest: RunFrame | null = null;
  return {
    current: () => newest,
    subscribe: (changed: () => void) =>
      engine.onFrame((frame) => {
        newest = frame;
        changed();
      }),
  };
}
