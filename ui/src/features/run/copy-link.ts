/** A link to what is shown of a run: moment, tab, path, node and filter, and never the token. */

import { runLink } from "../../stores/address";
import type { RunFrame } from "../../stores/engine";
import { useShortcuts } from "../../stores/keyboard";
import type { RunViewStore } from "../../stores/run-view";
import { useServices } from "../../stores/use-services";
import { useNotify } from "../../widgets/toast";

/** Copies the link and says so; null for a run from a file, which nobody else could open by it. */
export function useCopyLink(frame: RunFrame, view: RunViewStore, step: number): (() => void) | null {
  const { copyText } = useServices();
  const notify = useNotify();
  const runId = frame.connection.source === "file" ? null : frame.openId;
  const copy = async () => {
    if (runId === null) return;
    const copied = await copyText(location.origin + runLink(runId, view.getState(), step));
    const what = step < 0 ? "this run" : `step ${step}`;
    if (copied) notify(`Copied a link to ${what}`, "link");
    else notify("The browser refused the clipboard; copy the address instead", "alert");
  };
  useShortcuts("Run", runId === null ? [] : [{ keys: "c", label: "Copy a link to this moment", run: copy }]);
  return runId === null ? null : () => void copy();
}
