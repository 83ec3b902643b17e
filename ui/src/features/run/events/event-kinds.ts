/** What the events can be filtered by, in words. The values are record kinds or event types of the engine. */

import type { RecordKind } from "../../../stores/engine";
import type { IconName } from "../../../widgets/icon";

interface KindLook {
  readonly label: string;
  readonly icon: IconName;
  readonly tone: "neutral" | "running" | "ok" | "error" | "waiting" | "loss" | "llm" | "tool";
}

export const KIND_LOOKS: Readonly<Record<RecordKind, KindLook>> = {
  event: { label: "Events", icon: "play", tone: "running" },
  state_diff: { label: "State changes", icon: "diff", tone: "ok" },
  checkpoint: { label: "Checkpoints", icon: "shield", tone: "ok" },
  token_chunk: { label: "Tokens", icon: "spark", tone: "llm" },
  tool_execution: { label: "Tool calls", icon: "wrench", tone: "tool" },
  error: { label: "Errors", icon: "alert", tone: "error" },
  metrics: { label: "Metrics", icon: "clock", tone: "neutral" },
  execution_trace: { label: "Traces", icon: "lanes", tone: "neutral" },
  event_batch: { label: "Batches", icon: "list", tone: "neutral" },
  graph_schema: { label: "Structure", icon: "graph", tone: "neutral" },
  loss: { label: "Losses", icon: "alert", tone: "loss" },
  undecodable: { label: "Undecodable", icon: "alert", tone: "loss" },
};

export const KIND_OPTIONS: readonly (readonly [value: string, label: string])[] = [
  ["", "All kinds"],
  ...Object.entries(KIND_LOOKS).map(([kind, { label }]) => [kind, label] as const),
];
