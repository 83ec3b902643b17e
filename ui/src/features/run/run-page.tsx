/** One run: opened from the gateway by its id, or from a file. Everything on the screen follows one playhead. */

import { useEffect } from "react";
import type { RunFrame } from "../../stores/engine";
import { useAddressedRunView } from "../../stores/run-view";
import { useFrame } from "../../stores/use-frame";
import { useResumedBy } from "../../stores/use-resumed-by";
import { useServices } from "../../stores/use-services";
import { EmptyState } from "../../widgets/empty-state";
import { useNotify } from "../../widgets/toast";
import { RunScreen } from "./run-screen";
import { saveBlob } from "./save-blob";

export function RunPage({ runId }: { runId: string }) {
  const { api, engine, nowMs } = useServices();
  const view = useAddressedRunView(nowMs);
  const frame = useFrame(engine);
  const notify = useNotify();
  const resumedBy = useResumedBy(api, frame?.openId === runId ? frame.run : null);

  useEffect(() => engine.openRun(runId), [engine, runId]);

  const save = () => {
    api.exportRun(runId, new AbortController().signal).then(
      (blob) => saveBlob(blob, `${runId}.dsrun`),
      (error: unknown) => notify(error instanceof Error ? error.message : String(error), "alert"),
    );
  };
  if (frame?.openId !== runId || isOpening(frame))
    return <EmptyState icon="graph" title="Opening the run…" />;
  return <RunScreen engine={engine} frame={frame} view={view} resumedBy={resumedBy} onExport={save} />;
}

/** Nothing is known yet and nothing is wrong: the first records are a moment away. */
function isOpening({ run, receipt, connection }: RunFrame): boolean {
  const early = ["idle", "connecting", "subscribing", "catching_up"].includes(connection.phase);
  return run === null && receipt.received === 0 && early && connection.attempt <= 1;
}

/** The run of a file that was dropped on the page. */
export function FilePage() {
  const { engine, nowMs } = useServices();
  const view = useAddressedRunView(nowMs);
  const frame = useFrame(engine);
  if (!frame || frame.openId === null || frame.connection.source !== "file") {
    return (
      <EmptyState icon="file" title="No file is open">
        Drop a <code>.dsrun</code> file anywhere on this page. It is read in this browser and sent nowhere.
      </EmptyState>
    );
  }
  return <RunScreen engine={engine} frame={frame} view={view} resumedBy={null} onExport={null} />;
}
