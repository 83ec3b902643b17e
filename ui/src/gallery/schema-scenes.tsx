import { SchemasView, type SchemasViewProps } from "../features/schemas/schemas-view";
import { graphVersions } from "../features/schemas/versions";
import type { ObservedSchema } from "../stores/operations-api";
import { schemaOf } from "../testing/fake-operations";
import { STARTED_US } from "../testing/frames";
import type { Scene } from "./gallery-page";

const OLD = schemaOf();
const NEW = schemaOf({
  graphId: "aaaabbbbccccdddd",
  nodes: [
    ...OLD.nodes.map((node) => (node.id === "write" ? { ...node, kind: "subgraph" } : node)),
    { id: "fact_check", name: "fact_check", kind: "tools", parent: "" },
  ],
  edges: [
    ...OLD.edges.filter(({ source, target }) => source !== "write" || target !== "judge"),
    { source: "write", target: "fact_check", conditional: false, label: "" },
    { source: "fact_check", target: "judge", conditional: true, label: "facts hold" },
  ],
  runs: 1,
});
const PIN = { ...OLD, note: "Released with 2.4.", atUs: STARTED_US - 3_600_000_000 };

function scene(
  id: string,
  title: string,
  observed: readonly ObservedSchema[],
  pinned: boolean,
  changes: Partial<SchemasViewProps> = {},
): Scene {
  const nothing = () => undefined;
  return {
    id: `schemas-${id}`,
    title,
    show: () => (
      <div className="gallery__box">
        <SchemasView
          graphs={graphVersions(observed, pinned ? [PIN] : [])}
          graphId={null}
          againstId={null}
          nowMs={STARTED_US / 1000}
          onShow={nothing}
          onPin={nothing}
          onUnpin={nothing}
          {...changes}
        />
      </div>
    ),
  };
}

export const SCHEMA_SCENES: readonly Scene[] = [
  scene("observed", "Observed", [OLD, schemaOf({ graphId: "0123", name: "invoice_reader" })], false),
  scene("expected", "As expected", [OLD], true),
  scene("drift", "Drifted", [NEW, OLD], true),
  { ...scene("pin", "Before one is expected", [OLD], false), press: ["Expect this one"] },
  scene("unknown", "A link to one not known", [OLD], false, { graphId: "gone" }),
  scene("empty", "No schemas yet", [], false),
];
