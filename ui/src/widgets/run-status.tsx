import type { RunStatus } from "../model/frame";
import { Chip, type Tone } from "./chip";
import type { IconName } from "./icon";

interface Words {
  readonly label: string;
  readonly tone: Tone;
  readonly icon?: IconName;
  readonly explanation: string;
}

const WORDS: Record<RunStatus, Words> = {
  running: { label: "Running", tone: "running", explanation: "The run has not ended." },
  ok: { label: "Done", tone: "ok", icon: "check", explanation: "The run ended without an error." },
  error: { label: "Error", tone: "error", icon: "alert", explanation: "The run ended with an error." },
  cancelled: { label: "Cancelled", tone: "neutral", icon: "close", explanation: "The run was cancelled." },
  interrupted: {
    label: "Interrupted",
    tone: "waiting",
    icon: "pause",
    explanation: "The run stopped at an interrupt.",
  },
  recursion_limit: {
    label: "Recursion limit",
    tone: "error",
    icon: "loop",
    explanation: "The graph took as many steps as its limit allows.",
  },
  closed: {
    label: "Closed",
    tone: "neutral",
    icon: "minus",
    explanation: "The program stopped reading the stream before the run had ended.",
  },
  timed_out: {
    label: "Timed out",
    tone: "error",
    icon: "clock",
    explanation: "A step took longer than its limit.",
  },
};

export const runStatusLabel = (status: RunStatus): string => WORDS[status].label;

interface RunStatusChipProps {
  status: RunStatus;
  needsYou?: boolean;
  /** Another run went on where this one was interrupted. */
  resumed?: boolean;
}

/** A run's status; one that waits for a person says so, and one that was resumed is of no concern any more. */
export function RunStatusChip({ status, needsYou = false, resumed = false }: RunStatusChipProps) {
  if (needsYou) {
    return (
      <Chip tone="waiting" icon="hand" title="The run waits for an answer from a person.">
        Needs you
      </Chip>
    );
  }
  const { label, tone, icon, explanation } = WORDS[status];
  return (
    <Chip
      tone={resumed ? "neutral" : tone}
      title={explanation}
      {...(icon ? { icon } : { dot: true, pulse: true })}
    >
      {label}
    </Chip>
  );
}
