import { type ReactNode, useEffect, useState } from "react";
import { IconButton } from "./button";
import "./copy-button.css";
import type { IconName } from "./icon";

const CONFIRM_MS = 1200;

interface CopyButtonProps {
  label: string;
  /** Tells apart several ways to copy the same. */
  icon?: IconName;
  /** The text itself, or how to get it: a large value is fetched only when it is asked for. */
  text: string | (() => Promise<string>);
  "data-testid"?: string;
}

type Outcome = "copied" | "failed" | null;

export function CopyButton({ label, icon = "copy", text, ...rest }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<Outcome>(null);

  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(null), CONFIRM_MS);
    return () => clearTimeout(timer);
  }, [outcome]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : await text());
      setOutcome("copied");
    } catch {
      setOutcome("failed");
    }
  };

  return (
    <>
      <IconButton
        icon={outcome === "copied" ? "check" : outcome === "failed" ? "alert" : icon}
        label={outcome === "failed" ? "The browser refused the clipboard" : label}
        onClick={() => void copy()}
        {...rest}
      />
      <span className="visually-hidden" role="status">
        {outcome === "copied" ? "Copied" : ""}
      </span>
    </>
  );
}

interface CopyableProps {
  /** How the text is shown, where that is not the text itself. */
  children?: ReactNode;
  /** Of the button. */
  label: string;
  text: string;
}

/** A short technical text, with the button that copies it beside it. */
export function Copyable({ children, label, text }: CopyableProps) {
  return (
    <span className="copyable">
      {children ?? <code>{text}</code>}
      <CopyButton label={label} text={text} />
    </span>
  );
}
