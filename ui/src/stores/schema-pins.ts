/**
 * The structures that a person expects, one per graph name, with a note; kept in this browser.
 *
 * A pin holds the whole structure, so that it can be compared with also when no gateway knows it any more.
 */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { GraphStructure } from "../model/structure-drift";
import type { PreferenceStorage } from "./services";

const NAME = "schema-pins.v1";

export interface SchemaPin extends GraphStructure {
  readonly graphId: string;
  readonly name: string;
  readonly note: string;
  readonly atUs: number;
}

export interface SchemaPins extends StoreApi<{ readonly pins: readonly SchemaPin[] }> {
  /** Expect this structure of its graph from now on. */
  pin(pin: SchemaPin): void;
  unpin(name: string): void;
}

export function createSchemaPins(storage: PreferenceStorage): SchemaPins {
  const store = createStore(() => ({ pins: readPins(storage.get(NAME)) }));
  const keep = (pins: readonly SchemaPin[]) => {
    store.setState({ pins });
    storage.set(NAME, pins.length === 0 ? null : JSON.stringify(pins));
  };
  const others = (name: string) => store.getState().pins.filter((pin) => pin.name !== name);
  return {
    ...store,
    pin: (pin) => keep([...others(pin.name), pin]),
    unpin: (name) => keep(others(name)),
  };
}

/** Pins from stored text; what is of another shape is left out. */
export function readPins(text: string | null): readonly SchemaPin[] {
  try {
    const stored: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(stored) ? stored.filter(isPin) : [];
  } catch {
    return [];
  }
}

function isPin(value: unknown): value is SchemaPin {
  return (
    hasTexts(value, ["graphId", "name", "note"]) &&
    typeof value.atUs === "number" &&
    Array.isArray(value.nodes) &&
    value.nodes.every((node) => hasTexts(node, ["id", "name", "kind", "parent"])) &&
    Array.isArray(value.edges) &&
    value.edges.every(
      (edge) => hasTexts(edge, ["source", "target", "label"]) && typeof edge.conditional === "boolean",
    )
  );
}

function hasTexts(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  return names.every((name) => typeof fields[name] === "string");
}
