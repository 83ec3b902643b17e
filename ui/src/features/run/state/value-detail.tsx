import type { Moment } from "../../../stores/engine";
import { IconButton } from "../../../widgets/button";
import { CopyButton } from "../../../widgets/copy-button";
import { BoundedText } from "../bounded-text";
import { momentKey, type PaneProps } from "../pane";
import { PaneAnswer } from "../pane-states";
import { useAnswer } from "../use-answer";
import { Blame } from "./blame";
import { valueAsPytest } from "./copy-as-pytest";
import { plainText } from "./plain-text";
import { shownPath } from "./pointers";
import type { Compare } from "./use-state-rows";
import { ValueDiff } from "./value-diff";

/** Texts longer than this are not compared word by word. */
const COMPARABLE = 40_000;

type ValueDetailProps = PaneProps & {
  ns: string;
  path: string;
  compare: Compare;
  /** Step at the playhead; null when there is none. */
  step: number | null;
  watched: boolean;
  /** Null while no more can be watched. */
  onWatch: ((path: string, on: boolean) => void) | null;
  onClose: () => void;
};

interface Values {
  readonly now: string | null;
  readonly before: string | null;
}

/** The selected value in full: its text, how it differs from before, where it came from. */
export function ValueDetail(props: ValueDetailProps) {
  const { engine, frame, moment, ns, path, compare, step, watched, onWatch, onClose } = props;
  const against = comparedMoment(compare, step);
  const key = [frame.openId, frame.revision, momentKey(moment), against && momentKey(against), ns, path].join(
    " ",
  );
  const answer = useAnswer(key, async (): Promise<Values> => {
    const [now, before] = await Promise.all([
      engine.valueAt(moment, ns, path),
      against && engine.valueAt(against, ns, path),
    ]);
    return { now, before };
  });
  const graph = frame.run?.graphName ?? "";
  const copyValue = async () => {
    const value = await engine.valueAt(moment, ns, path);
    if (value === null) throw new Error("there is no value at this path");
    return value;
  };
  return (
    <section className="value-detail" aria-label="Selected value" data-testid="value-detail">
      <header className="value-detail__header">
        <code className="value-detail__path" title={path}>
          {shownPath(path)}
        </code>
        <CopyButton label="Copy the path" text={path} data-testid="copy-path" />
        <Blame {...props} />
        <IconButton
          icon="eye"
          label={watched ? "Stop watching" : "Keep in sight while the playhead moves"}
          pressed={watched}
          disabled={onWatch === null}
          onClick={() => onWatch?.(path, !watched)}
          data-testid="watch"
        />
        <IconButton icon="close" label="Close" onClick={onClose} />
      </header>
      <div className="value-detail__body">
        <PaneAnswer answer={answer} subject="the value" icon="tree">
          {(values) => <ValueText values={values} />}
        </PaneAnswer>
        <div className="value-detail__copy">
          <CopyButton label="Copy the value" text={copyValue} data-testid="copy-value" />
          {step !== null && (
            <CopyButton
              label="Copy as a pytest test"
              icon="terminal"
              text={() => valueAsPytest({ engine, graph, runId: frame.openId ?? "", moment, step, ns, path })}
              data-testid="copy-pytest"
            />
          )}
        </div>
      </div>
    </section>
  );
}

function comparedMoment(compare: Compare, step: number | null): Moment | null {
  if (compare !== "previous") return compare;
  return step !== null && step > 0 ? { kind: "step", step: step - 1 } : null;
}

function ValueText({ values: { now, before } }: { values: Values }) {
  if (now === null && before === null) {
    return <p className="value-detail__none">There is no value at this path.</p>;
  }
  const changed = before !== null && now !== before;
  if (changed && (now?.length ?? 0) + before.length <= COMPARABLE) {
    return (
      <div className="value-detail__diff">
        <ValueDiff before={before} after={now} />
      </div>
    );
  }
  if (now === null) return <p className="value-detail__none">The value was removed.</p>;
  return <BoundedText text={plainText(now) ?? now} />;
}
