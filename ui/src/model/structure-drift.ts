/** How one graph structure differs from another: node by node, edge by edge. Pure. */

export interface StructureNode {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  /** Enclosing subgraph node; empty at the root. */
  readonly parent: string;
}

export interface StructureEdge {
  readonly source: string;
  readonly target: string;
  readonly conditional: boolean;
  readonly label: string;
}

export interface GraphStructure {
  readonly nodes: readonly StructureNode[];
  readonly edges: readonly StructureEdge[];
}

export type DriftMark = "same" | "added" | "removed" | "changed";

export interface Drifted<T> {
  readonly key: string;
  readonly mark: DriftMark;
  /** As observed; as expected where it was removed. */
  readonly item: T;
  /** What changed, in words; empty unless the mark is "changed". */
  readonly changes: readonly string[];
}

export interface Drift {
  readonly nodes: readonly Drifted<StructureNode>[];
  readonly edges: readonly Drifted<StructureEdge>[];
  /** Nodes and edges that are not the same. */
  readonly differences: number;
}

/** Everything of both structures, in the order of the observed one, what was removed last. */
export function driftOf(expected: GraphStructure, observed: GraphStructure): Drift {
  const nodes = drifted(expected.nodes, observed.nodes, ({ id }) => id, nodeChanges);
  const edges = drifted(expected.edges, observed.edges, edgeKey, edgeChanges);
  const differences = [...nodes, ...edges].filter(({ mark }) => mark !== "same").length;
  return { nodes, edges, differences };
}

/** Several edges may lead from one node to another when their labels differ. */
const edgeKey = ({ source, target, label }: StructureEdge): string => `${source}→${target} ${label}`;

function drifted<T>(
  expected: readonly T[],
  observed: readonly T[],
  keyOf: (item: T) => string,
  changesOf: (before: T, after: T) => string[],
): Drifted<T>[] {
  const before = new Map(expected.map((item) => [keyOf(item), item]));
  const present = observed.map((item): Drifted<T> => {
    const key = keyOf(item);
    const old = before.get(key);
    if (old === undefined) return { key, mark: "added", item, changes: [] };
    const changes = changesOf(old, item);
    return { key, mark: changes.length > 0 ? "changed" : "same", item, changes };
  });
  const known = new Set(present.map(({ key }) => key));
  const removed = [...before]
    .filter(([key]) => !known.has(key))
    .map(([key, item]): Drifted<T> => ({ key, mark: "removed", item, changes: [] }));
  return [...present, ...removed];
}

function nodeChanges(before: StructureNode, after: StructureNode): string[] {
  return [
    change("kind", before.kind, after.kind),
    change("name", before.name, after.name),
    change("subgraph", before.parent || "none", after.parent || "none"),
  ].flat();
}

function edgeChanges(before: StructureEdge, after: StructureEdge): string[] {
  const word = (conditional: boolean) => (conditional ? "conditional" : "always");
  return change("follows", word(before.conditional), word(after.conditional));
}

const change = (what: string, before: string, after: string): string[] =>
  before === after ? [] : [`${what}: ${before} → ${after}`];
