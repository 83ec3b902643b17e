import type { ReactNode } from "react";
import "./banner.css";
import { Icon, type IconName } from "./icon";

export type BannerTone = "info" | "waiting" | "error" | "loss";

const ICONS: Record<BannerTone, IconName> = { info: "info", waiting: "hand", error: "alert", loss: "alert" };

interface BannerProps {
  tone?: BannerTone;
  icon?: IconName;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  /** Within a screen, not across it. */
  inset?: boolean;
  "data-testid"?: string;
}

/** Something degraded or awaited: what it is, why, and what to do about it. */
export function Banner({
  tone = "info",
  icon,
  title,
  children,
  actions,
  inset = false,
  ...rest
}: BannerProps) {
  return (
    <div
      className={`banner banner--${tone}${inset ? " banner--inset" : ""}`}
      role={tone === "error" ? "alert" : "status"}
      {...rest}
    >
      <Icon name={icon ?? ICONS[tone]} />
      <div className="banner__text">
        <strong className="banner__title">{title}</strong>
        {children && <span className="banner__detail">{children}</span>}
      </div>
      {actions && <div className="banner__actions">{actions}</div>}
    </div>
  );
}
