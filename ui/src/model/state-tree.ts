/**
 * A state as rows of a tree: only containers that are open have their children among the rows, only the rows of the
 * window are made. The first row is the state itself, always open.
 *
 * Compared with another state, rows say what was added, changed or removed; a removed child stands behind its
 * present siblings.
 */

import { isObject, type JsonObject, type JsonValue, jsonEqual } from "../protocol/json";
import { formatPointer } from "../protocol/patch";
import { childCountOf, jsonType, preview } from "./json-text";
import type { PathTree } from "./path-tree";
import type { Matches } from "./state-search";
import type { ChangeMark, StateRow } from "./views";

export const ROOT_KEY = "state";
const PREVIEW_CHARACTERS = 160;

export interface TreeQuery {
  readonly value: JsonValue;
  /** The state to compare with; undefined means that there is nothing to compare with. */
  readonly before: JsonValue | undefined;
  readonly expanded: PathTree;
  readonly matches: Matches;
  readonly from: number;
  readonly count: number;
}

export interface TreeRows {
  readonly rows: readonly StateRow[];
  readonly total: number;
}

export function treeRows(query: TreeQuery): TreeRows {
  const builder = new RowBuilder(query);
  builder.row(ROOT_KEY, query.value, query.before, query.expanded, query.matches.tree);
  return { rows: builder.rows, total: builder.total };
}

type Maybe<T> = T | undefined;
type EachChild = (key: string, child: JsonValue, old: Maybe<JsonValue>) => void;

class RowBuilder {
  readonly rows: StateRow[] = [];
  total = 0;
  readonly #path: string[] = [];
  readonly #isCompared: boolean;

  constructor(private readonly query: TreeQuery) {
    this.#isCompared = query.before !== undefined;
  }

  row(
    key: string,
    value: JsonValue,
    before: Maybe<JsonValue>,
    expanded: Maybe<PathTree>,
    matches: Maybe<PathTree>,
  ): void {
    const isContainer = typeof value === "object" && value !== null;
    const isRoot = this.#path.length === 0;
    const hidesMatch = matches?.hasChildren === true;
    const isOpen = isContainer && (isRoot || expanded?.isMember === true || hidesMatch);
    if (this.#isShown()) {
      const change = this.#changeOf(value, before);
      const old = change === "changed" && !isContainer ? before : undefined;
      this.#push(key, value, change, old, isOpen, matches?.isMember === true);
    }
    this.total += 1;
    if (isOpen) this.#children(value, before, expanded, matches);
  }

  #children(
    value: JsonValue,
    before: Maybe<JsonValue>,
    expanded: Maybe<PathTree>,
    matches: Maybe<PathTree>,
  ): void {
    const depth = this.#path.length;
    const each = (key: string, child: JsonValue, old: Maybe<JsonValue>) => {
      this.#path[depth] = key;
      this.row(key, child, old, expanded?.child(key), matches?.child(key));
    };
    if (Array.isArray(value)) this.#elements(value, Array.isArray(before) ? before : [], each);
    else if (isObject(value))
      this.#members(value, before !== undefined && isObject(before) ? before : {}, each);
    this.#path.length = depth;
  }

  #elements(array: JsonValue[], olds: JsonValue[], each: EachChild): void {
    const depth = this.#path.length;
    for (let index = 0; index < array.length; index += 1) {
      each(String(index), array[index] as JsonValue, olds[index]);
    }
    for (let index = array.length; index < olds.length; index += 1) {
      this.#removed(String(index), olds[index] as JsonValue, depth);
    }
  }

  #members(object: JsonObject, olds: JsonObject, each: EachChild): void {
    const depth = this.#path.length;
    for (const key of Object.keys(object)) {
      each(key, object[key] as JsonValue, Object.hasOwn(olds, key) ? olds[key] : undefined);
    }
    for (const key of Object.keys(olds)) {
      if (!Object.hasOwn(object, key)) this.#removed(key, olds[key] as JsonValue, depth);
    }
  }

  #removed(key: string, old: JsonValue, depth: number): void {
    this.#path[depth] = key;
    if (this.#isShown()) this.#push(key, old, "removed", old, false, false);
    this.total += 1;
  }

  #isShown(): boolean {
    return this.total >= this.query.from && this.rows.length < this.query.count;
  }

  #changeOf(value: JsonValue, before: Maybe<JsonValue>): ChangeMark | null {
    if (!this.#isCompared || value === before) return null;
    if (before === undefined) return "added";
    return jsonEqual(value, before) ? null : "changed";
  }

  #push(
    key: string,
    value: JsonValue,
    change: ChangeMark | null,
    old: Maybe<JsonValue>,
    expanded: boolean,
    match: boolean,
  ): void {
    const path = formatPointer(this.#path);
    this.rows.push({
      id: change === "removed" ? `-${path}` : path,
      path,
      depth: this.#path.length,
      key,
      type: jsonType(value),
      preview: preview(value, PREVIEW_CHARACTERS),
      childCount: childCountOf(value),
      expanded,
      change,
      before: old === undefined ? null : preview(old, PREVIEW_CHARACTERS),
      match,
    });
  }
}
