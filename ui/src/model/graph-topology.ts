/** Nodes and edges of a run: what the producer declared, and what was seen beyond it. It only grows. */

import { sha256 } from "@noble/hashes/sha2.js";
import type { GraphSchema } from "../protocol/gen/dashstream_pb";
import { toHex } from "./attributes";
import type { NodeKind } from "./views";

export interface TopologyNode {
  readonly id: string;
  readonly name: string;
  readonly kind: NodeKind;
  readonly parent: string | null;
  readonly declared: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface TopologyEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly conditional: boolean;
  readonly label: string;
  readonly declared: boolean;
}

const KINDS = new Set<string>(["start", "end", "node", "subgraph", "tools"]);
const utf8 = new TextEncoder();

export const edgeId = (source: string, target: string): string => `${source}→${target}`;

export class GraphTopology {
  readonly nodes = new Map<string, TopologyNode>();
  readonly edges = new Map<string, TopologyEdge>();
  graphId: string | null = null;
  name = "";
  hasSchema = false;
  #identity: string | null = null;

  /** Content identity of nodes and edges. */
  get identity(): string {
    this.#identity ??= toHex(
      sha256(
        utf8.encode(
          JSON.stringify([
            [...this.nodes.values()].map(({ id, name, kind, parent }) => [id, name, kind, parent]),
            [...this.edges.values()].map(({ id, label, conditional }) => [id, label, conditional]),
          ]),
        ),
      ).subarray(0, 16),
    );
    return this.#identity;
  }

  declare(schema: GraphSchema): void {
    this.#identity = null;
    this.hasSchema = true;
    this.graphId = schema.graphId || this.graphId;
    this.name = schema.name || this.name;
    for (const node of schema.nodes) {
      this.nodes.set(node.id, {
        id: node.id,
        name: node.name || lastName(node.id),
        kind: KINDS.has(node.kind) ? (node.kind as NodeKind) : "node",
        parent: node.parent || null,
        declared: true,
        metadata: { ...node.metadata },
      });
    }
    for (const { source, target, conditional, label } of schema.edges) {
      this.see(source);
      this.see(target);
      const id = edgeId(source, target);
      const known = this.edges.get(id);
      const labels = known?.declared && known.label !== label ? [known.label, label] : [label];
      this.edges.set(id, {
        id,
        source,
        target,
        conditional: conditional || known?.conditional === true,
        label: labels.filter(Boolean).join(", "),
        declared: true,
      });
    }
  }

  /** Take over what another part of the same run has declared and seen. */
  adopt(other: GraphTopology): void {
    for (const node of other.nodes.values()) {
      if (node.declared || !this.nodes.has(node.id)) this.nodes.set(node.id, node);
    }
    for (const edge of other.edges.values()) {
      if (!edge.declared && this.edges.has(edge.id)) continue;
      this.edges.set(edge.id, edge);
    }
    this.#identity = null;
    this.hasSchema ||= other.hasSchema;
    this.graphId ??= other.graphId;
    this.name ||= other.name;
  }

  /** A node was seen at work. */
  see(id: string): void {
    if (id === "" || this.nodes.has(id)) return;
    this.#identity = null;
    const colon = id.lastIndexOf(":");
    const parent = colon > 0 ? id.slice(0, colon) : null;
    if (parent !== null) this.#seeSubgraph(parent);
    this.nodes.set(id, {
      id,
      name: lastName(id),
      kind: kindByName(id),
      parent,
      declared: false,
      metadata: {},
    });
  }

  /** An edge was seen taken. */
  seeEdge(source: string, target: string, conditional: boolean): string {
    const id = edgeId(source, target);
    if (this.edges.has(id)) return id;
    this.see(source);
    this.see(target);
    this.#identity = null;
    this.edges.set(id, { id, source, target, conditional, label: "", declared: false });
    return id;
  }

  #seeSubgraph(id: string): void {
    this.see(id);
    const node = this.nodes.get(id);
    if (node?.kind === "node") this.nodes.set(id, { ...node, kind: "subgraph" });
  }
}

const lastName = (id: string): string => id.slice(id.lastIndexOf(":") + 1);

function kindByName(id: string): NodeKind {
  const name = lastName(id);
  return name === "__start__" ? "start" : name === "__end__" ? "end" : "node";
}
