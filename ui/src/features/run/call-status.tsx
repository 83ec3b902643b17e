import { duration, fullInstant } from "../../model/display";
import type { CallStatus } from "../../stores/engine";
import { Chip, type Tone } from "../../widgets/chip";
import type { IconName } from "../../widgets/icon";

const LOOKS: Readonly<Record<CallStatus, readonly [label: string, tone: Tone, icon: IconName]>> = {
  running: ["Running", "running", "play"],
  done: ["Done", "ok", "check"],
  error: ["Failed", "error", "alert"],
  stopped: ["Stopped", "neutral", "close"],
};

export function CallStatusChip({ status }: { status: CallStatus }) {
  const [label, tone, icon] = LOOKS[status];
  return (
    <Chip tone={tone} icon={icon} quiet>
      {label}
    </Chip>
  );
}

/** When a call started, counted from the run's start; the instant itself on demand. */
export function StartTime({ atUs, runUs }: { atUs: number; runUs: number | null }) {
  if (runUs === null) return fullInstant(atUs);
  return <span title={fullInstant(atUs)}>+{duration(atUs - runUs)}</span>;
}
