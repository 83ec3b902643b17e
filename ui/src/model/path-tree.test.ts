import { expect, it } from "vitest";
import { PathTree } from "./path-tree";

it("holds pointers key by key and ignores what is none", () => {
  const tree = PathTree.of(["/a/b~1c", "", "no pointer"]);
  expect(tree.isMember).toBe(true);
  expect(tree.child("a")?.isMember).toBe(false);
  expect(tree.child("a")?.child("b/c")?.isMember).toBe(true);
  expect(tree.child("a")?.child("b/c")?.hasChildren).toBe(false);
  expect(tree.child("no pointer")).toBeUndefined();
});
