/** How an edge reads: what stands beside its line, and which look the line has. */

import { count } from "../../../model/display";
import type { GraphEdge } from "../../../stores/engine";

export const LOOKS = ["idle", "taken", "last"] as const;
export type Look = (typeof LOOKS)[number];

export const lookOf = (edge: GraphEdge): Look => (edge.lastTaken ? "last" : edge.taken ? "taken" : "idle");

/** What stands on the line: its label, and how wide its widest `Send` was or how often it was taken. */
export function labelText(edge: GraphEdge): string[] {
  return [edge.label, edge.kind === "join" ? "join" : "", timesText(edge)].filter((part) => part !== "");
}

export const isFanOut = ({ kind, width }: GraphEdge): boolean => kind === "send" && width > 1;

function timesText(edge: GraphEdge): string {
  const times = isFanOut(edge) ? edge.width : edge.count;
  return times > 1 ? `×${count(times)}` : "";
}
