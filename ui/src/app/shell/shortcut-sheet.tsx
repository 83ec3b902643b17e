import { useStore } from "zustand";
import { activeShortcuts } from "../../stores/keyboard";
import { Dialog } from "../../widgets/dialog";
import { Kbd } from "../../widgets/kbd";
import { shownKeys } from "./shown-keys";

/** What the keyboard does on the screen that is open. */
export function ShortcutSheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { groups } = useStore(activeShortcuts);
  return (
    <Dialog title="Keyboard shortcuts" open={open} onClose={onClose}>
      <div className="shortcut-sheet">
        {groups.map(({ title, shortcuts }) => (
          <section key={title}>
            <h3 className="shortcut-sheet__title">{title}</h3>
            <dl className="shortcut-sheet__list">
              {shortcuts.map(({ keys, label }) => (
                <div key={keys} className="shortcut-sheet__row">
                  <dt>{label}</dt>
                  <dd>
                    <Kbd keys={shownKeys(keys)} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <p className="muted">
          Lists, trees and the playhead move with arrows, Page Up, Page Down, Home and End while they have the
          focus.
        </p>
      </div>
    </Dialog>
  );
}
