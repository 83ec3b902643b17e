/** Which node lies under a point of the graph. */

import type { Point } from "../../../stores/layout";
import type { SceneNode } from "./scene";

/**
 * The nearest node that is no farther than `reach`, so that what is smaller than a finger can be hit; where there is
 * none, the innermost container that holds the point.
 */
export function nodeAt(nodes: readonly SceneNode[], point: Point, reach: number): string | null {
  let [nearest, least]: [string | null, number] = [null, reach];
  let around: string | null = null;
  for (const { id, box, container } of nodes) {
    const distance = Math.hypot(
      beyond(point.x, box.x, box.x + box.width),
      beyond(point.y, box.y, box.y + box.height),
    );
    // A container comes before what lies in it, so the last one that holds the point is the innermost.
    if (container) around = distance === 0 ? id : around;
    else if (distance <= least) [nearest, least] = [id, distance];
  }
  return nearest ?? around;
}

/** How far a value is outside of a range. */
const beyond = (value: number, from: number, to: number): number => Math.max(from - value, 0, value - to);
