import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { GraphSchemaSchema } from "../protocol/gen/dashstream_pb";
import { GraphTopology } from "./graph-topology";

it("holds what is declared, with labels of parallel edges joined", () => {
  const topology = new GraphTopology();
  topology.declare(
    create(GraphSchemaSchema, {
      graphId: "g",
      name: "graph",
      nodes: [
        { id: "a", kind: "node" },
        { id: "b", name: "B", kind: "strange" },
      ],
      edges: [
        { source: "a", target: "b", conditional: true, label: "yes" },
        { source: "a", target: "b", conditional: true, label: "no" },
        { source: "b", target: "elsewhere" },
      ],
    }),
  );
  expect(
    [...topology.nodes.values()].map(({ id, name, kind, declared }) => [id, name, kind, declared]),
  ).toEqual([
    ["a", "a", "node", true],
    ["b", "B", "node", true],
    ["elsewhere", "elsewhere", "node", false],
  ]);
  expect(topology.edges.get("a→b")).toMatchObject({ label: "yes, no", conditional: true });
});

it("makes the subgraph that a node was seen in, and changes its identity only with its content", () => {
  const topology = new GraphTopology();
  topology.see("outer:inner");
  expect(topology.nodes.get("outer")).toMatchObject({ kind: "subgraph", parent: null });
  expect(topology.nodes.get("outer:inner")).toMatchObject({
    name: "inner",
    parent: "outer",
    declared: false,
  });
  const { identity } = topology;
  topology.see("outer:inner");
  topology.see("");
  expect(topology.identity).toBe(identity);
  topology.seeEdge("outer:inner", "outer:__end__", false);
  expect(topology.identity).not.toBe(identity);
  expect(topology.nodes.get("outer:__end__")?.kind).toBe("end");
});
