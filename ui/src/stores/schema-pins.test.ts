import { expect, it } from "vitest";
import { createFakeServices } from "../testing/fake-services";
import { createSchemaPins, readPins, type SchemaPin } from "./schema-pins";

const PIN: SchemaPin = {
  graphId: "g1",
  name: "writer",
  note: "before the judge",
  atUs: 5,
  nodes: [{ id: "a", name: "a", kind: "node", parent: "" }],
  edges: [{ source: "a", target: "a", conditional: true, label: "" }],
};

it("keeps one pin per graph name, across visits", () => {
  const { storage } = createFakeServices();
  const pins = createSchemaPins(storage);
  pins.pin(PIN);
  pins.pin({ ...PIN, name: "reader" });
  pins.pin({ ...PIN, graphId: "g2" });
  expect(
    createSchemaPins(storage)
      .getState()
      .pins.map(({ name, graphId }) => [name, graphId]),
  ).toEqual([
    ["reader", "g1"],
    ["writer", "g2"],
  ]);
  pins.unpin("reader");
  pins.unpin("writer");
  expect(storage.get("schema-pins.v1")).toBeNull();
});

it("leaves out what is not a pin", () => {
  expect(readPins(null)).toEqual([]);
  expect(readPins("nonsense")).toEqual([]);
  expect(readPins("5")).toEqual([]);
  expect(readPins(JSON.stringify([PIN, null, { ...PIN, nodes: [{}] }, { ...PIN, edges: 3 }]))).toEqual([PIN]);
});
