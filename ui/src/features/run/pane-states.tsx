import type { ReactNode } from "react";
import { capital } from "../../model/display";
import { EmptyState } from "../../widgets/empty-state";
import type { IconName } from "../../widgets/icon";
import type { Answer } from "./use-answer";
import "./pane-states.css";

interface PaneAnswerProps<T> {
  answer: Answer<T>;
  /** What is asked for, as in "the graph". */
  subject: string;
  icon: IconName;
  children: (value: T) => ReactNode;
}

/**
 * The content of a pane once there is an answer. Before the first one it stays calm, for most answers come within
 * a frame; a failed question shows its cause and keeps the answer before it in sight.
 */
export function PaneAnswer<T>({ answer, subject, icon, children }: PaneAnswerProps<T>) {
  const { value, error } = answer;
  if (value === null && error !== null) {
    return (
      <EmptyState icon="alert" title={`${capital(subject)} could not be read`}>
        {error}
      </EmptyState>
    );
  }
  if (value === null) {
    return (
      <div className="pane-waiting" role="status">
        <EmptyState icon={icon} title={`Reading ${subject}…`} />
      </div>
    );
  }
  return (
    <>
      {error !== null && (
        <p className="pane-note pane-note--error" role="alert">
          What you see is older: {error}
        </p>
      )}
      {children(value)}
    </>
  );
}
