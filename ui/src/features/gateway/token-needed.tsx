import { useState } from "react";
import { Banner } from "../../widgets/banner";
import { Button } from "../../widgets/button";
import { CodeBlock } from "../../widgets/code-block";
import { EmptyState } from "../../widgets/empty-state";
import "./gateway.css";

interface TokenNeededProps {
  reason: string;
  onToken: (token: string) => void;
}

export function TokenNeeded({ reason, onToken }: TokenNeededProps) {
  const [text, setText] = useState("");
  const token = tokenOf(text);
  return (
    <EmptyState
      icon="lock"
      title="This gateway asks for a token"
      actions={
        <form
          className="token-needed"
          onSubmit={(event) => {
            event.preventDefault();
            if (token) onToken(token);
          }}
        >
          <CodeBlock code="dashstream serve" label="Copy the command" />
          <span className="muted">prints a link such as</span>
          <CodeBlock code="http://127.0.0.1:7788/#token=…" copyable={false} />
          <div className="token-needed__row">
            <div className="field token-needed__field">
              <input
                className="field__input"
                aria-label="The link or its token"
                placeholder="Or paste the link or its token here"
                value={text}
                onChange={(event) => setText(event.target.value)}
                spellCheck={false}
                autoComplete="off"
              />
            </div>
            <Button variant="primary" type="submit" disabled={!token}>
              Use it
            </Button>
          </div>
          <Banner tone="error" title="Refused">
            {reason}
          </Banner>
        </form>
      }
    >
      Open the link that <code>dashstream serve</code> prints: it carries the token, which this tab then
      keeps.
    </EmptyState>
  );
}

/** The token in a pasted link, or the pasted text itself. */
export function tokenOf(text: string): string | null {
  const fragment = text.split("#")[1];
  const token = fragment === undefined ? text : new URLSearchParams(fragment).get("token");
  return token?.trim() || null;
}
