/** Where a key moves the playhead: arrows by one step, page keys by a tenth, Home and End to the ends. */

export function stepAfterKey(key: string, step: number, last: number): number | null {
  if (last < 0) return null;
  const page = Math.max(1, Math.round(last / 10));
  const target = targetOf(key, step, last, page);
  return target === null ? null : Math.min(last, Math.max(0, target));
}

function targetOf(key: string, step: number, last: number, page: number): number | null {
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return step - 1;
    case "ArrowRight":
    case "ArrowUp":
      return step + 1;
    case "PageUp":
      return step - page;
    case "PageDown":
      return step + page;
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}
