import type { ReactNode, Ref } from "react";
import "./chip.css";
import { Icon, type IconName } from "./icon";

export type Tone = "neutral" | "running" | "ok" | "error" | "waiting" | "loss" | "llm" | "tool" | "accent";

interface ChipProps {
  tone?: Tone;
  icon?: IconName;
  dot?: boolean;
  pulse?: boolean;
  quiet?: boolean;
  title?: string;
  children: ReactNode;
  ref?: Ref<HTMLSpanElement>;
}

/** A small labelled fact. `quiet` drops the tinted ground and keeps the coloured dot or icon. */
export function Chip({ tone = "neutral", icon, dot, pulse, quiet, title, children, ref }: ChipProps) {
  const kinds = `chip chip--${tone}${quiet ? " chip--quiet" : ""}`;
  return (
    <span className={kinds} title={title} ref={ref}>
      {dot && <span className={`chip__dot${pulse ? " chip__dot--pulse" : ""}`} />}
      {icon && <Icon name={icon} size={12} />}
      <span className="chip__label">{children}</span>
    </span>
  );
}
