import { type RefObject, useEffect, useState } from "react";
import type { Size } from "./choose-layout";

const SETTLE_MS = 150;
const UNKNOWN: Size = { width: 0, height: 0 };

/** The element's size: at once when it is first known, and later once it has stopped changing. */
export function usePaneSize(element: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState(UNKNOWN);
  useEffect(() => {
    const observed = element.current;
    if (!observed) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let first = true;
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      clearTimeout(timer);
      timer = setTimeout(() => setSize({ width, height }), first ? 0 : SETTLE_MS);
      first = false;
    });
    observer.observe(observed);
    return () => {
      observer.disconnect();
      clearTimeout(timer);
    };
  }, [element]);
  return size;
}
