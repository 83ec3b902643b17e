/** Health as cards: each with a value, a level, its cause and its remedy. Missing is not zero; idle is not degraded. */

import { bytes, capital, count, duration, sentence } from "../../model/display";
import type { ConnectionStatus, IntakeHealth } from "../../stores/engine";
import type { HealthReason } from "../../stores/gateway-api";
import type { HealthReading } from "../../stores/gateway-health";
import type { Tone } from "../../widgets/chip";
import { type Card, NOTHING, type ScreenLink } from "./card";

export const DEAD_LETTERS: ScreenLink = { href: "/dead-letters", label: "Open dead letters" };

const LINKS: Readonly<Record<string, ScreenLink>> = {
  missing_payload: DEAD_LETTERS,
  dead_letters: DEAD_LETTERS,
};

/** The screen that shows more of a finding. */
export const reasonLink = (check: string): ScreenLink | null => LINKS[check] ?? null;

const INTAKE_WORDS: Record<
  IntakeHealth["level"],
  readonly [level: string, tone: Tone, cause: string, remedy: string]
> = {
  no_data: [
    "No data",
    "neutral",
    "No record has arrived on this connection.",
    "Open a run to receive its records.",
  ],
  idle: ["Idle", "neutral", "Nothing waits and nothing arrived in the last minute.", NOTHING],
  healthy: ["Healthy", "ok", "Records are applied as they arrive.", NOTHING],
  slow: [
    "Slow",
    "waiting",
    "Records wait longer than they should.",
    "Close other heavy tabs; the page catches up by itself.",
  ],
  stalled: [
    "Stalled",
    "error",
    "Records arrive faster than this browser applies them.",
    "The page reconnects by itself and loses nothing. Close other heavy tabs.",
  ],
};

export function intakeCard(intake: IntakeHealth | null): Card {
  const level = intake?.level ?? "no_data";
  const [word, tone, cause, remedy] = INTAKE_WORDS[level];
  const known = intake !== null && level !== "no_data";
  return {
    title: "Intake of this page",
    level: word,
    tone,
    value: known ? `${count(Math.round(intake.recordsPerSecond))} records/s` : "–",
    cause,
    remedy,
    facts: [
      [
        "Waiting on this connection",
        known ? `${count(intake.pendingRecords)} records, ${bytes(intake.pendingBytes)}` : "–",
      ],
      ["Receipt to applied, average", milliseconds(intake?.averageMs ?? null)],
      ["Receipt to applied, longest", milliseconds(intake?.maximumMs ?? null)],
    ],
    chart: { series: "intakeMs", label: "Receipt to applied", words: milliseconds },
  };
}

const milliseconds = (value: number | null): string => (value === null ? "–" : duration(value * 1000));

const PHASE_TONES: Partial<Record<ConnectionStatus["phase"], Tone>> = {
  live: "ok",
  catching_up: "running",
  connecting: "running",
  subscribing: "running",
  falling_behind: "waiting",
  mismatch: "error",
  closed: "error",
};

export function connectionCard(connection: ConnectionStatus | null): Card {
  const open = connection !== null && connection.source !== "none" && connection.phase !== "idle";
  if (!open) {
    return {
      title: "Live connection",
      level: "Not in use",
      tone: "neutral",
      value: "–",
      cause: "No run is open, so no records are asked for.",
      remedy: "Open a run to see its connection.",
      facts: [],
    };
  }
  return {
    title: "Live connection",
    level: capital(connection.phase.replaceAll("_", " ")),
    tone: PHASE_TONES[connection.phase] ?? "neutral",
    value: connectionValue(connection),
    cause: connection.reason ?? "All is well.",
    remedy: connection.remedy ?? NOTHING,
    facts: [
      ["Gateway", connection.serverVersion ?? "–"],
      ["Instance", connection.instance ?? "–"],
    ],
  };
}

function connectionValue({ source, phase, attempt }: ConnectionStatus): string {
  if (source === "file") return "a file";
  if (phase === "closed") return "not connected";
  return attempt > 0 ? `attempt ${count(attempt)}` : "connected";
}

const REMEDIES: Readonly<Record<string, string>> = {
  log: "Look at the gateway's log; check the data directory's disk and rights.",
  pump: "Restart the gateway; it goes on where it stopped.",
  index: "The index catches up or is rebuilt by itself; restart the gateway if it stays.",
  disk: "Free space, or lower the log's retention.",
  ingest: "Look at the program's own log: the gateway answered why it refused.",
  keys: "Mend the file of keys; tokens of the keys before it are still taken. `dashstream serve` reads it by itself.",
  decode: "A producer writes what this gateway cannot read; compare versions.",
  overload: "Producers wait and try again; nothing is lost. Add capacity if it stays.",
  clients: "A browser is slow; it is served again when it has caught up.",
  missing_payload: "`dashstream dlq list --reason null` says which; look at the producer.",
  duties: "They start again by themselves; live delivery goes on. Look at the gateway's log if it stays.",
  heads: "The gateway asks again by itself; look at Kafka if it stays. Live delivery goes on.",
  paused: "Mend the cause, then let the record pass: `dashstream partitions resume PARTITION`.",
  dead_letters: "Look at the topic or disk of dead letters. Commits wait, so that nothing is lost.",
  retained: "Look at Redis. Nothing is lost: replays read the log meanwhile.",
};

const LEVELS: Record<HealthReason["level"], readonly [string, Tone]> = {
  ok: ["Healthy", "ok"],
  degraded: ["Degraded", "waiting"],
  failed: ["Failed", "error"],
};

export const reasonRemedy = (check: string): string => REMEDIES[check] ?? "Look at the gateway's log.";
export const reasonTone = (level: HealthReason["level"]): Tone => LEVELS[level][1];

const findings = (number: number): string =>
  number === 0 ? "no findings" : `${count(number)} finding${number === 1 ? "" : "s"}`;

export function gatewayCard({ health, failure }: HealthReading): Card {
  if (failure !== null || health === null) {
    return {
      title: "Gateway",
      level: failure === null ? "No data" : "No answer",
      tone: failure === null ? "neutral" : "error",
      value: "–",
      cause: failure === null ? "The gateway was not asked yet." : sentence(failure),
      remedy: failure === null ? NOTHING : "Start it with `dashstream serve`; the page asks again by itself.",
      facts: [],
    };
  }
  const [level, tone] = LEVELS[health.level];
  return {
    title: "Gateway",
    level,
    tone,
    value: findings(health.reasons.length),
    cause:
      health.reasons.length === 0 ? "All checks of the recent window passed." : "See the findings below.",
    remedy: health.reasons.length === 0 ? NOTHING : "Each finding names its remedy.",
    facts: [
      ["Window", `${count(health.windowS)} s`],
      ["Not known", health.unknown.length === 0 ? "nothing" : health.unknown.join(", ").replaceAll("_", " ")],
    ],
  };
}
