/** The state tree's rows of plain values, for the fake engine: small states only. */

import type { ChangeMark, DiffOperation, JsonType, StateQuery, StateRow } from "../model/views";
import type { Json } from "./scripted-run";

type Container = readonly Json[] | { readonly [key: string]: Json };

const PREVIEW = 120;

function typeOf(value: Json): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value as JsonType;
}

const isContainer = (value: Json | undefined): value is Container =>
  typeof value === "object" && value !== null;

function entriesOf(value: Json | undefined): [string, Json][] {
  return isContainer(value) ? Object.entries(value) : [];
}

const same = (a: Json | undefined, b: Json | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

const escapeKey = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");

/** Value at a JSON pointer; undefined when there is none. */
export function valueAtPointer(value: Json | undefined, path: string): Json | undefined {
  return path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<Json | undefined>(
      (at, part) => (isContainer(at) ? (at as { readonly [key: string]: Json })[part] : undefined),
      value,
    );
}

function markOf(value: Json, before: Json | undefined, compared: boolean): ChangeMark | null {
  if (!compared || same(value, before)) return null;
  return before === undefined ? "added" : "changed";
}

/** All rows of a state under a query, before the window is cut. */
export function rowsOf(state: Json, before: Json | undefined, query: StateQuery): StateRow[] {
  const rows: StateRow[] = [];
  const search = query.search?.toLowerCase() ?? "";
  const compared = before !== undefined;
  const visit = (key: string, value: Json, path: string, depth: number, old: Json | undefined): void => {
    const text = JSON.stringify(value);
    const expanded =
      isContainer(value) &&
      (path === "" ||
        query.expanded.includes(path) ||
        (search !== "" && text.toLowerCase().includes(search)));
    const change = markOf(value, old, compared);
    rows.push({
      id: path,
      path,
      depth,
      key,
      type: typeOf(value),
      preview: text.slice(0, PREVIEW),
      childCount: entriesOf(value).length,
      expanded,
      change,
      before: change === "changed" && !isContainer(value) ? JSON.stringify(old).slice(0, PREVIEW) : null,
      match: search !== "" && `${key} ${isContainer(value) ? "" : text}`.toLowerCase().includes(search),
    });
    if (!expanded) return;
    for (const [name, child] of entriesOf(value)) {
      const childPath = `${path}/${escapeKey(name)}`;
      visit(name, child, childPath, depth + 1, valueAtPointer(old, `/${escapeKey(name)}`));
    }
  };
  visit("state", state, "", 0, before);
  return rows;
}

/** Differences leaf by leaf. */
export function operationsOf(before: Json | undefined, after: Json | undefined, path = ""): DiffOperation[] {
  if (same(before, after)) return [];
  if (isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) =>
      operationsOf(
        valueAtPointer(before, `/${escapeKey(key)}`),
        valueAtPointer(after, `/${escapeKey(key)}`),
        `${path}/${escapeKey(key)}`,
      ),
    );
  }
  const text = (value: Json | undefined) => (value === undefined ? null : JSON.stringify(value));
  const op = before === undefined ? "add" : after === undefined ? "remove" : "replace";
  return [{ op, path, before: text(before), after: text(after) }];
}
