/** Which screens keep the open run open. */

import { useEffect, useRef } from "react";
import { runOfAddress } from "../../stores/address";
import { useServices } from "../../stores/use-services";

/** Closes the run on screens that tell nothing of it. Health tells of its connection; a file is not received at all. */
export function useClosedRun(path: string): void {
  const { engine } = useServices();
  const isFile = useRef(false);
  useEffect(
    () =>
      engine.onFrame(({ connection }) => {
        isFile.current = connection.source === "file";
      }),
    [engine],
  );
  const isKept = path === "/health" || path === "/file" || runOfAddress(path) !== null;
  useEffect(() => {
    if (!isKept && !isFile.current) engine.openRun(null);
  }, [engine, isKept]);
}
