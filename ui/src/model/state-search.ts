/** Where a text occurs in a state: in keys and in scalars, case ignored. */

import { isObject, type JsonValue } from "../protocol/json";
import { PathTree } from "./path-tree";

/** Matches that are expanded and marked; all are counted. */
export const MARKED_MATCHES = 2_000;

export interface Matches {
  /** The first matches; containers on the way to them are inner nodes of the tree. */
  readonly tree: PathTree;
  readonly count: number;
}

const NONE: Matches = { tree: new PathTree(), count: 0 };

/** Finds in one state at a time; the last answer is kept, because windows of one state are asked for one by one. */
export class StateSearch {
  #last: { readonly value: JsonValue; readonly text: string; readonly matches: Matches } | null = null;

  find(value: JsonValue, text: string): Matches {
    if (text === "") return NONE;
    const wanted = text.toLowerCase();
    if (this.#last?.value === value && this.#last.text === wanted) return this.#last.matches;
    const matches = search(value, wanted);
    this.#last = { value, text: wanted, matches };
    return matches;
  }
}

function search(root: JsonValue, wanted: string): Matches {
  const tree = new PathTree();
  const path: string[] = [];
  let count = 0;
  const note = () => {
    count += 1;
    if (count <= MARKED_MATCHES) tree.add(path).isMember = true;
  };
  const visit = (key: string, value: JsonValue): void => {
    path.push(key);
    if (key.toLowerCase().includes(wanted) || scalarIncludes(value, wanted)) note();
    walk(value);
    path.pop();
  };
  const walk = (value: JsonValue): void => {
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index += 1) visit(String(index), value[index] as JsonValue);
    } else if (isObject(value)) for (const key of Object.keys(value)) visit(key, value[key] as JsonValue);
  };
  if (scalarIncludes(root, wanted)) note();
  walk(root);
  return { tree, count };
}

function scalarIncludes(value: JsonValue, wanted: string): boolean {
  if (typeof value === "string") return value.toLowerCase().includes(wanted);
  return (typeof value !== "object" || value === null) && String(value).includes(wanted);
}
