import { count } from "../../model/display";
import type { RunFrame } from "../../stores/engine";

type Unread = NonNullable<RunFrame["unread"]>;

export const unreadWords = ({ from, to }: Unread): string =>
  `Records ${count(Number(from))} to ${count(Number(to))} are still being read`;

/** What a list of calls lacks while records between the beginning and the newest part are unread. */
export function UnreadNote({ unread, noun }: { unread: RunFrame["unread"]; noun: string }) {
  if (unread === null) return null;
  return (
    <p className="pane-note" role="status" data-testid="unread-note">
      {unreadWords(unread)}: {noun}s that began in them are not listed yet.
    </p>
  );
}
