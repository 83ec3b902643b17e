import { useMemo } from "react";
import "./diff-block.css";
import { diffText } from "./text-diff";

interface DiffBlockProps {
  before: string | null;
  after: string | null;
}

/** Before and after of one value, word by word; a missing side means that the value was added or removed. */
export function DiffBlock({ before, after }: DiffBlockProps) {
  const parts = useMemo(() => diffText(before ?? "", after ?? ""), [before, after]);
  return (
    <div className="diff-block">
      {parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place, and no state
        <span key={index} className={`diff-block__part diff-block__part--${part.kind}`}>
          {part.text}
        </span>
      ))}
    </div>
  );
}
