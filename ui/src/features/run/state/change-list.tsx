import { plural } from "../../../model/display";
import type { DiffOperation } from "../../../stores/engine";
import { EmptyState } from "../../../widgets/empty-state";
import { momentKey, type PaneProps } from "../pane";
import { PaneAnswer } from "../pane-states";
import { useAnswer } from "../use-answer";
import { shownPath } from "./pointers";
import type { Compare } from "./use-state-rows";
import { ValueDiff } from "./value-diff";

const LIMIT = 300;

const OPERATIONS: Readonly<
  Record<DiffOperation["op"], readonly [mark: string, glyph: string, word: string]>
> = {
  add: ["added", "+", "added"],
  remove: ["removed", "−", "removed"],
  replace: ["changed", "~", "changed"],
};

type ChangeListProps = PaneProps & {
  ns: string;
  compare: Compare;
  selected: string | null;
  onSelect: (path: string) => void;
};

/** What changed, operation by operation, word by word. */
export function ChangeList({ engine, frame, moment, ns, compare, selected, onSelect }: ChangeListProps) {
  const against = compare === "previous" ? compare : momentKey(compare);
  const key = `${frame.openId} ${frame.revision} ${momentKey(moment)} ${against} ${ns}`;
  const answer = useAnswer(key, () => engine.diffAt({ moment, against: compare, ns, limit: LIMIT }));
  return (
    <div className="change-list" data-testid="change-list" data-settled={answer.settled}>
      <PaneAnswer answer={answer} subject="the changes" icon="diff">
        {(diff) =>
          diff.operations.length === 0 ? (
            <EmptyState icon="diff" title="Nothing changed" compact>
              {diff.fromStep === null
                ? "There is no step before this one."
                : `The state is the same as at step ${diff.fromStep}.`}
            </EmptyState>
          ) : (
            <>
              <p className="change-list__summary">
                {plural(diff.total, "change")} from{" "}
                {diff.fromStep === null ? "nothing" : `step ${diff.fromStep}`} to{" "}
                {diff.toStep === null ? "nothing" : `step ${diff.toStep}`}
                {diff.total > diff.operations.length && `; the first ${diff.operations.length} are shown`}
              </p>
              <ul>
                {diff.operations.map((operation) => (
                  <li key={`${operation.op} ${operation.path}`} className="change">
                    <Change
                      operation={operation}
                      selected={operation.path === selected}
                      onSelect={() => onSelect(operation.path)}
                    />
                  </li>
                ))}
              </ul>
            </>
          )
        }
      </PaneAnswer>
    </div>
  );
}

interface ChangeProps {
  operation: DiffOperation;
  selected: boolean;
  onSelect: () => void;
}

function Change({ operation, selected, onSelect }: ChangeProps) {
  const [mark, glyph, word] = OPERATIONS[operation.op];
  return (
    <>
      <button type="button" className="change__path" aria-pressed={selected} onClick={onSelect}>
        <span className={`state-row__mark state-row__mark--${mark}`} aria-hidden="true">
          {glyph}
        </span>
        <code className="truncate">{shownPath(operation.path)}</code>
        <span className={`change__word change__word--${mark}`}>{word}</span>
      </button>
      <div className="change__values">
        <ValueDiff before={operation.before} after={operation.after} />
      </div>
    </>
  );
}
