/** Whether an interrupted run still waits: another run of its thread may have answered. */

import { useEffect, useState } from "react";
import type { RunSummary } from "./engine";
import type { GatewayApi } from "./gateway-api";

const EVERY_MS = 2000;

/** The run that continues this one; null while there is none, and where it cannot be known. */
export function useResumedBy(api: GatewayApi, run: RunSummary | null): string | null {
  const [resumedBy, setResumedBy] = useState<string | null>(null);
  const waiting = run?.status === "interrupted" && resumedBy === null;
  const { runId, threadId } = run ?? { runId: "", threadId: "" };
  useEffect(() => {
    if (!waiting) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      const answer = document.hidden
        ? null
        : await api.runs({ thread: threadId }, null, stop.signal).catch(() => null);
      if (stop.signal.aborted) return;
      if (answer !== null && answer !== "unchanged")
        setResumedBy(answer.runs.find((listed) => listed.runId === runId)?.resumedBy ?? null);
      timer = setTimeout(ask, EVERY_MS);
    };
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [api, waiting, runId, threadId]);
  return resumedBy;
}
