/** The state of the connection in words: what it is, why, and what to do about it. */

import type { ConnectionStatus } from "../../stores/engine";
import type { GatewayContact } from "../../stores/gateway-contact";
import type { Tone } from "../../widgets/chip";

export interface ConnectionWords {
  readonly label: string;
  readonly tone: Tone;
  readonly pulse: boolean;
  readonly cause: string;
  readonly remedy: string;
}

const NONE_NEEDED = "Nothing to do.";
const BY_ITSELF = "The page recovers by itself; nothing is lost meanwhile.";

type Plain = readonly [label: string, tone: Tone, cause: string, remedy: string, pulse?: boolean];

const PHASES: Record<Exclude<ConnectionStatus["phase"], "idle">, Plain> = {
  live: ["Live", "ok", "Records arrive as they are written.", NONE_NEEDED],
  connecting: ["Connecting", "running", "The connection is being made.", NONE_NEEDED, true],
  subscribing: ["Connecting", "running", "The connection is being made.", NONE_NEEDED, true],
  catching_up: ["Catching up", "running", "Retained records are being read.", NONE_NEEDED, true],
  falling_behind: ["Falling behind", "waiting", "Records arrive faster than they are applied.", BY_ITSELF],
  mismatch: [
    "Mismatch",
    "error",
    "A record has a schema that this page does not know.",
    "Decide in the banner of the run.",
  ],
  closed: ["Closed", "error", "The connection was closed for good.", "See the banner of the run."],
};
const AGAIN: Plain = ["Reconnecting", "waiting", "The gateway does not answer.", BY_ITSELF, true];
const FILE: Plain = [
  "File",
  "neutral",
  "A recorded run from a file is open; no gateway is involved.",
  NONE_NEEDED,
];

/** Of the open run's connection; of the gateway's HTTP answers when no run is open. */
export function connectionWords(status: ConnectionStatus | null, contact: GatewayContact): ConnectionWords {
  if (!status || status.source === "none" || status.phase === "idle") return contactWords(contact);
  if (status.source === "file") return words(...FILE);
  const opening = status.phase === "connecting" || status.phase === "subscribing";
  const [label, tone, cause, remedy, pulse] = opening && status.attempt > 1 ? AGAIN : PHASES[status.phase];
  return words(
    status.isTokenRefused ? "Signed out" : label,
    tone,
    status.reason ?? cause,
    status.remedy ?? remedy,
    pulse,
  );
}

function contactWords({ state, reason }: GatewayContact): ConnectionWords {
  switch (state) {
    case "unknown":
      return words("Connecting", "running", "The gateway was not asked yet.", NONE_NEEDED, true);
    case "answering":
      return words("Connected", "ok", "The gateway answers.", NONE_NEEDED);
    case "refusing":
      return words(
        "No access",
        "error",
        reason ?? "The gateway refuses the token.",
        "Open the link that you were given, or that `dashstream serve` prints.",
      );
    case "unreachable":
      return words(
        "Unreachable",
        "error",
        reason ?? "The gateway does not answer.",
        "Start it with `dashstream serve`; the page finds it by itself.",
      );
  }
}

function words(label: string, tone: Tone, cause: string, remedy: string, pulse = false): ConnectionWords {
  return { label, tone, pulse, cause, remedy };
}
