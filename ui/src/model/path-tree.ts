/** Pointers as a tree of keys, so that walking a state asks for one key at each level instead of a whole path. */

import { parsePointer } from "../protocol/patch";

export class PathTree {
  readonly #children = new Map<string, PathTree>();
  /** The path that ends here was added itself, and is not only on the way to another. */
  isMember = false;

  /** Those of the texts that are pointers. */
  static of(pointers: readonly string[]): PathTree {
    const tree = new PathTree();
    for (const pointer of pointers) {
      if (pointer === "" || pointer.startsWith("/")) tree.add(parsePointer(pointer)).isMember = true;
    }
    return tree;
  }

  /** The tree at a path; made if it is not there. */
  add(path: readonly string[]): PathTree {
    let tree: PathTree = this;
    for (const key of path) {
      let child = tree.#children.get(key);
      if (child === undefined) {
        child = new PathTree();
        tree.#children.set(key, child);
      }
      tree = child;
    }
    return tree;
  }

  get hasChildren(): boolean {
    return this.#children.size > 0;
  }

  child(key: string): PathTree | undefined {
    return this.#children.get(key);
  }
}
