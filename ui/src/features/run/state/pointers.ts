/** JSON pointers as the state pane needs them. */

/** The pointer of what holds the value; null for the whole state. */
export function parentOf(path: string): string | null {
  return path === "" ? null : path.slice(0, path.lastIndexOf("/"));
}

/** All pointers above, outermost first, without the whole state. */
export function ancestorsOf(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

/** A pointer for people: the whole state has no name of its own. */
export const shownPath = (path: string): string => (path === "" ? "(whole state)" : path);
