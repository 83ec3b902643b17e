/** A screen that shows an answer of the gateway: asks for a token, says what fails, waits calmly for the first one. */

import type { ReactNode } from "react";
import type { Reading } from "../../stores/use-reading";
import { EmptyState } from "../../widgets/empty-state";
import type { IconName } from "../../widgets/icon";
import { FailureBanner } from "./failure-banner";
import { TokenNeeded } from "./token-needed";
import "./gateway.css";

interface ReadingScreenProps<T> {
  title: string;
  /** What the gateway is asked to do, as in "list dead letters". */
  task: string;
  icon: IconName;
  reading: Reading<T>;
  toolbar?: ReactNode;
  children: (value: T) => ReactNode;
}

export function ReadingScreen<T>({ title, task, icon, reading, toolbar, children }: ReadingScreenProps<T>) {
  const { value, failure, askAgain } = reading;
  if (failure?.status === 401) return <TokenNeeded reason={failure.message} onUsed={askAgain} />;
  return (
    <div className="screen">
      <h1 className="visually-hidden">{title}</h1>
      {toolbar}
      {failure && <FailureBanner task={task} failure={failure} stale={value !== null} onRetry={askAgain} />}
      <div className="screen__body">
        {value !== null ? (
          children(value)
        ) : (
          <EmptyState icon={icon} title={failure ? `${title}: nothing is known yet` : "Reading…"} />
        )}
      </div>
    </div>
  );
}
