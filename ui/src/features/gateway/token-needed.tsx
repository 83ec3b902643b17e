import { sentence } from "../../model/display";
import { Banner } from "../../widgets/banner";
import { CodeBlock } from "../../widgets/code-block";
import { EmptyState } from "../../widgets/empty-state";
import { TokenForm } from "./token-form";
import "./gateway.css";

interface TokenNeededProps {
  reason: string;
  /** Another token is in use. */
  onUsed: () => void;
}

export function TokenNeeded({ reason, onUsed }: TokenNeededProps) {
  return (
    <EmptyState
      icon="lock"
      title="This gateway asks for a token"
      actions={
        <div className="token-needed">
          <CodeBlock code="dashstream serve" label="Copy the command" />
          <span className="muted">prints a link such as</span>
          <CodeBlock code="http://127.0.0.1:7788/#token=…" copyable={false} />
          <TokenForm onUsed={onUsed} />
          <Banner tone="error" title="Refused" inset>
            {sentence(reason)}
          </Banner>
        </div>
      }
    >
      Open the link that you were given: it carries the token, which this tab then keeps.
    </EmptyState>
  );
}
