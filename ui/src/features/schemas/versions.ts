/** Structures by graph name: what was observed, newest first, and what is expected of each. */

import { groupBy } from "../../model/group-by";
import { driftOf, type GraphStructure } from "../../model/structure-drift";
import type { ObservedSchema } from "../../stores/operations-api";
import type { SchemaPin } from "../../stores/schema-pins";

export interface Version {
  readonly graphId: string;
  readonly name: string;
  readonly structure: GraphStructure;
  /** Null where the gateway knows no run of it. */
  readonly observed: ObservedSchema | null;
  /** It is the one that is expected of its graph. */
  readonly expected: boolean;
  /** Differences from the expected structure; null where none is expected. */
  readonly differences: number | null;
}

export interface GraphVersions {
  readonly name: string;
  readonly pin: SchemaPin | null;
  readonly versions: readonly Version[];
}

export function graphVersions(
  observed: readonly ObservedSchema[],
  pins: readonly SchemaPin[],
): readonly GraphVersions[] {
  const byName = groupBy(observed, ({ name }) => name);
  const names = [...new Set([...byName.keys(), ...pins.map(({ name }) => name)])];
  return names.map((name) => {
    const pin = pins.find((one) => one.name === name) ?? null;
    const seen = (byName.get(name) ?? []).map((schema) => versionOf(schema, schema, pin));
    const unseen = pin && !seen.some(({ expected }) => expected) ? [versionOf(pin, null, pin)] : [];
    return { name, pin, versions: [...seen, ...unseen] };
  });
}

function versionOf(
  structure: ObservedSchema | SchemaPin,
  observed: ObservedSchema | null,
  pin: SchemaPin | null,
): Version {
  return {
    graphId: structure.graphId,
    name: structure.name,
    structure,
    observed,
    expected: pin?.graphId === structure.graphId,
    differences: pin && driftOf(pin, structure).differences,
  };
}
