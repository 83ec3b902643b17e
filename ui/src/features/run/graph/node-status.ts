/** How the status of a node reads: words, icon and tone, so that colour never stands alone. */

import type { GraphNode, NodeKind, NodeStatus } from "../../../stores/engine";
import type { Tone } from "../../../widgets/chip";
import type { IconName } from "../../../widgets/icon";

interface StatusLook {
  readonly label: string;
  readonly icon: IconName;
  readonly tone: Tone;
}

export const NODE_STATUS: Readonly<Record<NodeStatus, StatusLook>> = {
  idle: { label: "Not run", icon: "minus", tone: "neutral" },
  running: { label: "Running", icon: "play", tone: "running" },
  done: { label: "Done", icon: "check", tone: "ok" },
  error: { label: "Failed", icon: "alert", tone: "error" },
  retrying: { label: "Retrying", icon: "loop", tone: "waiting" },
  interrupted: { label: "Waiting for you", icon: "hand", tone: "waiting" },
  stopped: { label: "Stopped", icon: "close", tone: "neutral" },
};

export const KIND_ICON: Readonly<Record<NodeKind, IconName>> = {
  start: "play",
  end: "check",
  node: "terminal",
  subgraph: "graph",
  tools: "wrench",
};

/** The status in few words, with what matters most about it: lanes at work, or which try it is. */
export function statusText(node: GraphNode): string {
  if (node.status === "running" && node.active > 1) return `${node.active} running`;
  if (node.status === "retrying" || (node.status === "running" && node.attempt > 1)) {
    return `${NODE_STATUS[node.status].label}, try ${node.attempt}`;
  }
  return NODE_STATUS[node.status].label;
}

/** A node that ran although the declared structure does not have it. */
export const isUndeclared = (node: GraphNode, hasSchema: boolean): boolean =>
  hasSchema && node.observed && !node.declared;
