import { count } from "../../../model/display";
import { IconButton } from "../../../widgets/button";
import { momentKey, type PaneProps } from "../pane";
import { useAnswer } from "../use-answer";
import { shownPath } from "./pointers";

const SHOWN = 300;
/** Each watch is a question to the engine for every moment that is shown. */
export const MOST_WATCHES = 12;

type WatchListProps = PaneProps & {
  ns: string;
  watches: readonly string[];
  onSelect: (path: string) => void;
  onUnwatch: (path: string) => void;
};

/** Values that stay in sight while the playhead moves. */
export function WatchList({ engine, frame, moment, ns, watches, onSelect, onUnwatch }: WatchListProps) {
  const key = JSON.stringify([frame.openId, frame.revision, momentKey(moment), ns, watches]);
  const answer = useAnswer(key, () =>
    Promise.all(watches.map(async (path) => [path, await engine.valueAt(moment, ns, path)] as const)),
  );
  if (watches.length === 0) return null;
  const values = new Map(answer.value ?? []);
  return (
    <section className="watches" aria-label="Watched values" data-testid="watches">
      <ul>
        {watches.map((path) => (
          <li key={path} className="watch">
            <button type="button" className="watch__path" onClick={() => onSelect(path)}>
              <code className="truncate">{shownPath(path)}</code>
            </button>
            <code className="watch__value truncate" data-path={path}>
              {values.has(path) ? oneLine(values.get(path) ?? null) : "…"}
            </code>
            <IconButton
              icon="close"
              label={`Stop watching ${shownPath(path)}`}
              onClick={() => onUnwatch(path)}
            />
          </li>
        ))}
      </ul>
      {answer.error !== null && <p role="alert">{answer.error}</p>}
      {watches.length >= MOST_WATCHES && (
        <p className="muted">{count(MOST_WATCHES)} values can be watched at once.</p>
      )}
    </section>
  );
}

function oneLine(json: string | null): string {
  if (json === null) return "not there";
  const line = json.slice(0, 4 * SHOWN).replace(/\s+/g, " ");
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}
