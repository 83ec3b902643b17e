import { useState } from "react";
import { count } from "../../model/display";
import { parseJson, stringifyJson } from "../../protocol/json";
import { Button } from "../../widgets/button";
import { CodeBlock } from "../../widgets/code-block";
import { CopyButton } from "../../widgets/copy-button";
import "./bounded-text.css";

const FIRST = 4_000;
/** More than this at once would make the page slow; copying gives all of it. */
const MOST = 100_000;

interface BoundedTextProps {
  text: string;
  /** Label of a button that copies all of the text; without one there is no button. */
  copyLabel?: string;
  "data-testid"?: string;
}

/** A text of any length: its beginning first, more of it when asked for. */
export function BoundedText({ text, copyLabel, ...rest }: BoundedTextProps) {
  const [open, setOpen] = useState(false);
  const shown = text.slice(0, open ? MOST : FIRST);
  const hidden = text.length - shown.length;
  return (
    <div className="bounded-text">
      <CodeBlock code={shown} copyable={false} wrap {...rest} />
      {copyLabel !== undefined && (
        <div className="bounded-text__copy">
          <CopyButton label={copyLabel} text={text} />
        </div>
      )}
      {hidden > 0 && (
        <p className="bounded-text__more">
          {open ? (
            <span className="muted">{count(hidden)} more characters; copy to read all of them.</span>
          ) : (
            <Button variant="ghost" onClick={() => setOpen(true)}>
              Show {count(Math.min(hidden, MOST - FIRST))} more characters
            </Button>
          )}
        </p>
      )}
    </div>
  );
}

/** JSON text indented for reading; a text that is not JSON, or was cut, stays as it is. Large integers keep all digits. */
export function prettyJson(text: string): string {
  try {
    return stringifyJson(parseJson(text), 2);
  } catch {
    return text;
  }
}
