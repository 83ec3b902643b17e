import { CopyButton } from "./copy-button";
import "./code-block.css";

interface CodeBlockProps {
  code: string;
  /** What the copy button copies, when the text shown is only a part of it. */
  copyText?: string;
  label?: string;
  copyable?: boolean;
  wrap?: boolean;
  "data-testid"?: string;
}

export function CodeBlock(props: CodeBlockProps) {
  const { code, copyText = code, label = "Copy", copyable = true, wrap = false, ...rest } = props;
  return (
    <div className="code-block">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard */}
      <pre className={`code-block__text${wrap ? " code-block__text--wrap" : ""}`} tabIndex={0} {...rest}>
        {code}
      </pre>
      {copyable && (
        <div className="code-block__copy">
          <CopyButton label={label} text={copyText} />
        </div>
      )}
    </div>
  );
}
