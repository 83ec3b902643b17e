import { duration, instant } from "../../../model/display";
import type { BlameEntry, RunFrame } from "../../../stores/engine";
import { Button } from "../../../widgets/button";
import { Popover } from "../../../widgets/popover";
import { momentKey, type PaneProps } from "../pane";
import { PaneAnswer } from "../pane-states";
import { horizonWords, unreadWords } from "../part-note";
import { useAnswer } from "../use-answer";
import { shownPath } from "./pointers";

const LIMIT = 50;

type BlameProps = PaneProps & { ns: string; path: string };

/** Who set a value: the steps that did, newest first, with the nodes that ran in them. */
export function Blame(props: BlameProps) {
  return (
    <Popover
      label="Who set this value"
      trigger={
        <Button variant="ghost" icon="clock" data-testid="blame">
          Blame
        </Button>
      }
    >
      <BlameList {...props} />
    </Popover>
  );
}

function BlameList({ engine, frame, moment, onMoment, ns, path }: BlameProps) {
  const key = `${frame.openId} ${frame.revision} ${momentKey(moment)} ${ns} ${path}`;
  const answer = useAnswer(key, () => engine.blame({ moment, ns, path, limit: LIMIT }));
  return (
    <div className="blame" data-testid="blame-list">
      <h3>Who set this value</h3>
      <code className="blame__path">{shownPath(path)}</code>
      {frame.unread !== null && (
        <p className="muted" role="status" data-testid="blame-unread">
          {unreadWords(frame.unread)}: steps in them that set this value are not listed yet.
        </p>
      )}
      {frame.horizon !== null && (
        <p className="muted" role="status" data-testid="blame-horizon">
          {horizonWords(frame.horizon)}: steps in them that set this value are not listed.
        </p>
      )}
      <PaneAnswer answer={answer} subject="the history of this value" icon="clock">
        {(entries) =>
          entries.length === 0 ? (
            <p className="muted">No step up to this moment set this value.</p>
          ) : (
            <>
              <ol className="blame__entries">
                {entries.map((entry, index) => (
                  <li key={entry.step}>
                    <Entry
                      entry={entry}
                      newest={index === 0}
                      frame={frame}
                      onJump={() => onMoment({ kind: "step", step: entry.step })}
                    />
                  </li>
                ))}
              </ol>
              {entries.length === LIMIT && <p className="muted">The newest {LIMIT} are shown.</p>}
            </>
          )
        }
      </PaneAnswer>
    </div>
  );
}

interface EntryProps {
  entry: BlameEntry;
  newest: boolean;
  frame: RunFrame;
  onJump: () => void;
}

function Entry({ entry, newest, frame, onJump }: EntryProps) {
  const started = frame.run?.startedUs ?? null;
  const when = started === null ? instant(entry.timestampUs, 0) : `+${duration(entry.timestampUs - started)}`;
  return (
    <button type="button" className="blame__entry" data-testid="blame-entry" onClick={onJump}>
      <span className="blame__step">
        Step {entry.step}
        {newest && <span className="blame__now">shown now</span>}
      </span>
      <span className="blame__nodes truncate">
        {entry.nodes.length > 0 ? entry.nodes.join(", ") : "no node known"}
      </span>
      <span className="blame__when">{when}</span>
      <code className="blame__value truncate">{entry.value ?? "removed"}</code>
    </button>
  );
}
