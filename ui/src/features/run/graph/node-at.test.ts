import { describe, expect, it } from "vitest";
import type { Box } from "../../../stores/layout";
import { largeGraph } from "../../../testing/large-graph";
import { layeredLayout } from "./layered-layout";
import { nodeAt } from "./node-at";
import { NO_SCENE, type SceneNode, sceneOf } from "./scene";
import { layoutInput } from "./use-layout";

const box = (x: number, y: number, width = 100, height = 50): Box => ({ x, y, width, height });
const item = (id: string, at: Box, container = false) => ({ id, box: at, container }) as SceneNode;

describe("the node under the pointer", () => {
  it("is the one that the point lies in, and of a thousand exactly that one", () => {
    const view = largeGraph(1_000);
    const layout = layeredLayout(layoutInput(view));
    const { nodes } = sceneOf(view, layout, { selected: null, found: null }, NO_SCENE);
    for (const {
      id,
      box: { x, y, width, height },
    } of nodes) {
      expect(nodeAt(nodes, { x: x + width / 2, y: y + height / 2 }, 4)).toBe(id);
    }
    expect(nodeAt(nodes, { x: -1_000, y: -1_000 }, 4)).toBeNull();
  });

  it("may be missed by a little, and then the nearest is meant", () => {
    const nodes = [item("a", box(0, 0)), item("b", box(110, 0))];
    expect(nodeAt(nodes, { x: 104, y: 20 }, 8)).toBe("a");
    expect(nodeAt(nodes, { x: 106, y: 20 }, 8)).toBe("b");
    expect(nodeAt(nodes, { x: 105, y: 20 }, 4)).toBeNull();
  });

  it("is the innermost of nodes that lie in each other", () => {
    const nodes = [
      item("outer", box(0, 0, 400, 400), true),
      item("inner", box(50, 50, 200, 200), true),
      item("leaf", box(100, 100)),
      item("beside", box(500, 0)),
    ];
    expect(nodeAt(nodes, { x: 120, y: 120 }, 4)).toBe("leaf");
    expect(nodeAt(nodes, { x: 98, y: 120 }, 4)).toBe("leaf");
    expect(nodeAt(nodes, { x: 60, y: 60 }, 4)).toBe("inner");
    expect(nodeAt(nodes, { x: 10, y: 10 }, 4)).toBe("outer");
    expect(nodeAt(nodes, { x: 402, y: 10 }, 4)).toBeNull();
  });
});
