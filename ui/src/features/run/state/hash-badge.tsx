import { bytes } from "../../../model/display";
import type { StateRows } from "../../../stores/engine";
import { Chip, type Tone } from "../../../widgets/chip";
import { Copyable } from "../../../widgets/copy-button";
import type { IconName } from "../../../widgets/icon";
import { Popover } from "../../../widgets/popover";

interface Look {
  readonly label: string;
  readonly tone: Tone;
  readonly icon: IconName;
  readonly meaning: string;
}

const LOOKS: Readonly<Record<StateRows["verification"], Look>> = {
  verified: {
    label: "Verified",
    tone: "ok",
    icon: "shield-check",
    meaning:
      "The hash of the state shown is the one that the program computed of its own state at this step.",
  },
  unverified: {
    label: "Unverified",
    tone: "neutral",
    icon: "shield",
    meaning: "The program sent no hash with this step, so the state shown cannot be checked.",
  },
  pending: {
    label: "Not yet verified",
    tone: "waiting",
    icon: "shield",
    meaning: "What is needed to check this step has not arrived yet.",
  },
  mismatch: {
    label: "In doubt",
    tone: "error",
    icon: "shield-alert",
    meaning: "The hash of the state shown differs from the one of the program. Do not rely on this state.",
  },
  none: {
    label: "No state",
    tone: "neutral",
    icon: "shield",
    meaning: "There is no state at this moment.",
  },
};

/** Whether the state shown is proven to be the program's, and why. */
export function HashBadge({ rows }: { rows: StateRows }) {
  const look = LOOKS[rows.verification];
  return (
    <Popover
      label="Verification of the state"
      trigger={
        <button
          type="button"
          className="hash-badge"
          data-testid="hash-badge"
          data-verification={rows.verification}
        >
          <Chip tone={look.tone} icon={look.icon}>
            {look.label}
          </Chip>
        </button>
      }
    >
      <div className="hash-card">
        <h3>{look.label}</h3>
        <p>{look.meaning}</p>
        {rows.problem !== null && <p className="hash-card__problem">{rows.problem}</p>}
        {rows.hash !== null && <Copyable label="Copy the hash" text={rows.hash} />}
        <p className="muted">
          {rows.step === null ? "No step" : `Step ${rows.step}`}
          {rows.superstep !== null && `, superstep ${rows.superstep}`}, {bytes(rows.bytes)} as JSON
        </p>
      </div>
    </Popover>
  );
}
