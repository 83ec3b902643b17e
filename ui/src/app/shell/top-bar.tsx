import { Link, useLocation } from "wouter";
import { count, plural } from "../../model/display";
import { PALETTE_KEYS } from "../../stores/keyboard";
import type { Theme } from "../../stores/preferences";
import { useAccess } from "../../stores/use-access";
import { usePreferences } from "../../stores/use-preferences";
import { useReading } from "../../stores/use-reading";
import { useServices } from "../../stores/use-services";
import { waitingQuestions } from "../../stores/waiting";
import { IconButton } from "../../widgets/button";
import { Icon, type IconName } from "../../widgets/icon";
import { ConnectionIndicator } from "./connection-indicator";
import { shownKeys } from "./shown-keys";

const THEME_ICONS: Record<Theme, IconName> = { system: "monitor", light: "sun", dark: "moon" };

/** Who is bound to tenants has no use of what is of all of them. */
const SCREENS = [
  { href: "/health", label: "Health", isOfAll: false },
  { href: "/dead-letters", label: "Dead letters", isOfAll: true },
  { href: "/schemas", label: "Schemas", isOfAll: true },
] as const;

interface TopBarProps {
  onPalette: () => void;
  onTheme: () => void;
  onHelp: () => void;
}

export function TopBar({ onPalette, onTheme, onHelp }: TopBarProps) {
  const { api } = useServices();
  const [path] = useLocation();
  const [{ theme }] = usePreferences();
  const waiting = useReading("waiting", (signal) => waitingQuestions(api, signal)).value?.length ?? 0;
  const isBound = (useAccess().value?.tenants ?? null) !== null;
  const current = (active: boolean) => (active ? { "aria-current": "page" as const } : {});
  return (
    <header className="top-bar">
      <Link href="/" className="top-bar__mark" aria-label="DashStream: list of runs">
        <Mark />
        <span className="top-bar__name">DashStream</span>
      </Link>
      <nav className="top-bar__nav" aria-label="Screens">
        <Link
          href="/"
          className="top-bar__link"
          {...current(path === "/" || path.startsWith("/runs") || path === "/compare" || path === "/file")}
        >
          Runs
        </Link>
        <Link href="/needs-you" className="top-bar__link" {...current(path === "/needs-you")}>
          Needs you
          {waiting > 0 && (
            <span className="top-bar__count" title={plural(waiting, "question waits", "questions wait")}>
              {count(waiting)}
            </span>
          )}
        </Link>
        {SCREENS.map(({ href, label, isOfAll }) => (
          <Link key={href} href={href} className="top-bar__link" {...current(path === href)}>
            {label}
            {isOfAll && isBound && <Closed />}
          </Link>
        ))}
      </nav>
      <div className="top-bar__end">
        <ConnectionIndicator />
        <IconButton
          icon="search"
          label="Go to, or do"
          shortcut={shownKeys(PALETTE_KEYS)}
          onClick={onPalette}
        />
        <IconButton icon={THEME_ICONS[theme]} label={`Theme: ${theme}`} shortcut="t" onClick={onTheme} />
        <IconButton icon="help" label="Keyboard shortcuts" shortcut="?" onClick={onHelp} />
      </div>
    </header>
  );
}

function Closed() {
  return (
    <span className="top-bar__closed" title="Not for this token">
      <Icon name="lock" size={12} />
      <span className="visually-hidden">(not for this token)</span>
    </span>
  );
}

/** Three lanes of a stream, the middle one ahead. */
function Mark() {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" fill="none" aria-hidden="true">
      <rect width="18" height="18" rx="4.5" fill="var(--accent)" />
      <path
        d="M4 5.5h5M4 9h10M4 12.5h6.5"
        stroke="var(--on-accent)"
        strokeWidth="1.8"
        strokeLinecap="round"
      />
    </svg>
  );
}
