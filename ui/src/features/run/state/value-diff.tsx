import { DiffBlock } from "../../../widgets/diff-block";
import { plainText } from "./plain-text";
import "./value-diff.css";

/** Short values are easier to read side by side than word by word. */
const SHORT = 48;

interface ValueDiffProps {
  /** JSON texts; a missing side means that the value was added or removed. */
  before: string | null;
  after: string | null;
}

export function ValueDiff({ before, after }: ValueDiffProps) {
  const [old, now] = [plainText(before), plainText(after)];
  if (old === null || now === null || old.length > SHORT || now.length > SHORT) {
    return <DiffBlock before={old} after={now} />;
  }
  return (
    <p className="value-diff">
      <del>{before}</del>
      <span aria-hidden="true">→</span>
      <ins>{after}</ins>
    </p>
  );
}
