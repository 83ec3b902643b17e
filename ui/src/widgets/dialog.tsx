import { Dialog as Primitive } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { IconButton } from "./button";
import "./dialog.css";

interface DialogProps {
  title: string;
  description?: string;
  open: boolean;
  onClose: () => void;
  wide?: boolean;
  children: ReactNode;
}

/** Modal sheet; the focus goes back to where it was. The backdrop is our own element: the library's locks scrolling with a style tag, which CSP refuses. */
export function Dialog({ title, description, open, onClose, wide = false, children }: DialogProps) {
  const before = useRef<Element | null>(null);
  const focusIn = (event: Event) => {
    before.current = document.activeElement;
    focusContent(event);
  };
  const focusBack = (event: Event) => {
    event.preventDefault();
    if (before.current instanceof HTMLElement) before.current.focus();
  };
  return (
    <Primitive.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Primitive.Portal>
        <div className="dialog__backdrop" />
        <Primitive.Content
          className={`dialog${wide ? " dialog--wide" : ""}`}
          onOpenAutoFocus={focusIn}
          onCloseAutoFocus={focusBack}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <header className="dialog__header">
            <Primitive.Title className="dialog__title">{title}</Primitive.Title>
            <IconButton icon="close" label="Close" shortcut="Esc" onClick={onClose} />
          </header>
          {description && (
            <Primitive.Description className="dialog__description">{description}</Primitive.Description>
          )}
          <div className="dialog__body">{children}</div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/**
 * What asks for it by `data-autofocus`, else the sheet itself. Not the first button: its tooltip would open, and take
 * the Escape that is meant for the dialog.
 */
function focusContent(event: Event) {
  event.preventDefault();
  if (!(event.currentTarget instanceof HTMLElement)) return;
  (event.currentTarget.querySelector<HTMLElement>("[data-autofocus]") ?? event.currentTarget).focus();
}
