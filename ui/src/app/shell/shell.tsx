/** What is around every screen: the top bar, shortcuts that work everywhere, and the place to drop a file. */

import { type ReactNode, Suspense, useEffect, useState } from "react";
import { useLocation } from "wouter";
import {
  activeShortcuts,
  createKeyReader,
  focusSearch,
  PALETTE_KEYS,
  useShortcuts,
} from "../../stores/keyboard";
import { THEMES } from "../../stores/preferences";
import { usePreferences } from "../../stores/use-preferences";
import { chunk } from "../../widgets/chunk";
import { ErrorBoundary } from "../../widgets/error-boundary";
import { DropTarget } from "./drop-target";
import { ShortcutSheet } from "./shortcut-sheet";
import { useAppliedTheme } from "./theme";
import { TopBar } from "./top-bar";
import { useClosedRun } from "./use-closed-run";
import { useShellCommands } from "./use-shell-commands";
import "./shell.css";

const [CommandPalette] = chunk(() => import("./command-palette").then((module) => module.CommandPalette));

export function Shell({ children }: { children: ReactNode }) {
  const [path, navigate] = useLocation();
  const [{ theme }, change] = usePreferences();
  const [helpShown, setHelpShown] = useState(false);
  const [paletteShown, setPaletteShown] = useState(false);
  const nextTheme = () => change({ theme: THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system" });

  useAppliedTheme(theme);
  useClosedRun(path);
  useKeyListener();
  useShellCommands();
  useShortcuts("Everywhere", [
    { keys: PALETTE_KEYS, label: "Go to, or do anything", run: () => setPaletteShown(true) },
    { keys: "g r", label: "Go to the list of runs", run: () => navigate("/") },
    { keys: "g n", label: "Go to what needs you", run: () => navigate("/needs-you") },
    { keys: "g h", label: "Go to health", run: () => navigate("/health") },
    { keys: "g d", label: "Go to dead letters", run: () => navigate("/dead-letters") },
    { keys: "g s", label: "Go to schemas", run: () => navigate("/schemas") },
    { keys: "/", label: "Search", run: focusSearch },
    { keys: "t", label: "Change the theme: system, light, dark", run: nextTheme },
    { keys: "?", label: "Show the keyboard shortcuts", run: () => setHelpShown(true) },
  ]);

  return (
    <div className="shell">
      <a className="shell__skip" href="#main">
        Skip to the content
      </a>
      <TopBar onPalette={() => setPaletteShown(true)} onTheme={nextTheme} onHelp={() => setHelpShown(true)} />
      <main className="shell__main" id="main" tabIndex={-1}>
        <ErrorBoundary what="This screen" resetKey={path}>
          {children}
        </ErrorBoundary>
      </main>
      <DropTarget />
      {paletteShown && (
        <Suspense fallback={null}>
          <CommandPalette onClose={() => setPaletteShown(false)} />
        </Suspense>
      )}
      <ShortcutSheet open={helpShown} onClose={() => setHelpShown(false)} />
    </div>
  );
}

function useKeyListener() {
  useEffect(() => {
    const reader = createKeyReader(() =>
      activeShortcuts.getState().groups.flatMap((group) => group.shortcuts),
    );
    const onKeyDown = (event: KeyboardEvent) => reader.read(event)?.run();
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}
