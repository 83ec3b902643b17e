import { count } from "../../model/display";
import type { RunFrame } from "../../stores/engine";
import { Button } from "../../widgets/button";
import { EmptyState } from "../../widgets/empty-state";
import type { IconName } from "../../widgets/icon";
import type { PaneProps } from "./pane";

interface NoCallsProps extends Pick<PaneProps, "onMoment"> {
  frame: RunFrame;
  /** What the calls are, as in "LLM call". */
  noun: string;
  icon: IconName;
  /** How many the whole run has made so far. */
  inRun: number;
}

/** Why there is no call to show: none at this moment, none so far, or none at all. */
export function NoCalls({ frame, noun, icon, inRun, onMoment }: NoCallsProps) {
  if (inRun > 0 && frame.horizon !== null) {
    return (
      <EmptyState icon={icon} title={`No ${noun} at this step`}>
        The whole run made {count(inRun)}.
      </EmptyState>
    );
  }
  if (inRun > 0) {
    return (
      <EmptyState
        icon={icon}
        title={`No ${noun} yet at this step`}
        actions={<Button onClick={() => onMoment({ kind: "live" })}>Go to the newest moment</Button>}
      >
        The run made {inRun === 1 ? "one" : inRun} later.
      </EmptyState>
    );
  }
  const running = frame.run === null || frame.run.status === "running";
  return running ? (
    <EmptyState icon={icon} title={`No ${noun} yet`}>
      Calls appear here while the program makes them.
    </EmptyState>
  ) : (
    <EmptyState icon={icon} title={`This run made no ${noun}`}>
      No {noun} was recorded between its start and its end.
    </EmptyState>
  );
}
