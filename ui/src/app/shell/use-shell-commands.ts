/** Commands that exist on every screen: all that shortcuts do, and every run that the gateway knows. */

import { useLocation } from "wouter";
import { instant, shortId } from "../../model/display";
import { runAddress } from "../../stores/address";
import { matching, useCommandSource } from "../../stores/commands";
import { activeShortcuts, PALETTE_KEYS } from "../../stores/keyboard";
import { useServices } from "../../stores/use-services";
import { runStatusLabel } from "../../widgets/run-status";

const RUNS = 6;

export function useShellCommands(): void {
  const { api, nowMs } = useServices();
  const [, navigate] = useLocation();
  useCommandSource("Runs", async (text, signal) => {
    const answer = await api.runs({ text: text.trim(), limit: RUNS }, null, signal);
    if (answer === "unchanged") return [];
    return answer.runs.map((run) => ({
      id: run.runId,
      title: run.graphName || "unnamed graph",
      detail: `${runStatusLabel(run.status)}, ${instant(run.startedUs, nowMs())}, ${shortId(run.runId)}`,
      run: () => navigate(runAddress(run.runId)),
    }));
  });
  useCommandSource("Actions", (text) => {
    const shortcuts = activeShortcuts.getState().groups.flatMap((group) => group.shortcuts);
    const commands = shortcuts
      .filter(({ keys }) => keys !== PALETTE_KEYS)
      .map(({ keys, label, run }) => ({ id: `${keys} ${label}`, title: label, keys, run }));
    return matching(commands, text);
  });
}
