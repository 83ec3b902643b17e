import { useEffect } from "react";

/** Presses buttons in order, each as soon as it is there: what opens on demand has scenes too. */
export function usePressed(names: readonly string[]): void {
  useEffect(() => {
    const left = [...names];
    const press = () => {
      const button = left[0] === undefined ? undefined : buttonNamed(left[0]);
      if (!button) return;
      left.shift();
      button.click();
    };
    const observer = new MutationObserver(press);
    observer.observe(document.body, { childList: true, subtree: true });
    press();
    return () => observer.disconnect();
  }, [names]);
}

function buttonNamed(name: string): HTMLElement | undefined {
  return [...document.querySelectorAll<HTMLElement>("button, summary")].find((button) =>
    (button.ariaLabel ?? button.textContent).startsWith(name),
  );
}
