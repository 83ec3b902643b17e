import { count } from "../../model/display";
import type { RunFrame } from "../../stores/engine";

type Unread = NonNullable<RunFrame["unread"]>;
type Horizon = NonNullable<RunFrame["horizon"]>;

export const unreadWords = ({ from, to }: Unread): string =>
  `Records ${count(Number(from))} to ${count(Number(to))} are still being read`;

export const horizonWords = ({ sequence }: Horizon): string =>
  `Records before ${count(Number(sequence))} are not on this page`;

interface PartNoteProps {
  frame: RunFrame;
  noun: string;
}

/** What a list of calls lacks while records are unread, and where records were let go. */
export function PartNote({ frame: { unread, horizon }, noun }: PartNoteProps) {
  return (
    <>
      {horizon !== null && (
        <p className="pane-note" role="status" data-testid="horizon-note">
          {horizonWords(horizon)}: {noun}s that ended in them are not listed.
        </p>
      )}
      {unread !== null && (
        <p className="pane-note" role="status" data-testid="unread-note">
          {unreadWords(unread)}: {noun}s that began in them are not listed yet.
        </p>
      )}
    </>
  );
}
