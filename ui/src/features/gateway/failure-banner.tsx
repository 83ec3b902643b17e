import { sentence } from "../../model/display";
import type { ReadingFailure } from "../../stores/use-reading";
import { Banner } from "../../widgets/banner";
import { Button } from "../../widgets/button";
import { Prose } from "../../widgets/prose";

interface FailureBannerProps {
  /** What the gateway was asked to do, as in "list runs". */
  task: string;
  failure: ReadingFailure;
  /** Something from before is still shown. */
  stale: boolean;
  onRetry: () => void;
  "data-testid"?: string;
}

/** The gateway did not answer, or refused: cause, remedy, and what is still in sight. */
export function FailureBanner({ task, failure, stale, onRetry, ...rest }: FailureBannerProps) {
  const unreachable = failure.status === null;
  const remedy = unreachable ? "Start it with `dashstream serve`. " : "";
  const shown = stale ? "; what you see is from before" : "";
  return (
    <Banner
      tone="error"
      title={unreachable ? "The gateway does not answer" : `The gateway could not ${task}`}
      actions={
        <Button icon="loop" onClick={onRetry}>
          Try now
        </Button>
      }
      {...rest}
    >
      <Prose text={`${sentence(failure.message)} ${remedy}The page tries again by itself${shown}.`} />
    </Banner>
  );
}
