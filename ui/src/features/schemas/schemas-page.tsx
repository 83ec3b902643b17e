/** The graph structures that runs have declared, what is expected of each graph, and how far they drifted apart. */

import { useEffect, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useStore } from "zustand";
import { readSchemasView, schemasAddress } from "../../stores/address-operations";
import { createSchemaPins } from "../../stores/schema-pins";
import { useReading } from "../../stores/use-reading";
import { useServices } from "../../stores/use-services";
import { ReadingScreen } from "../gateway/reading-screen";
import { SchemasView } from "./schemas-view";
import { graphVersions } from "./versions";

export function SchemasPage() {
  const { operations, storage, nowMs } = useServices();
  const [store] = useState(() => createSchemaPins(storage));
  const { pins } = useStore(store);
  const view = readSchemasView(useSearch());
  const [, navigate] = useLocation();
  const reading = useReading("schemas", (signal) => operations.schemas(signal));
  useEffect(() => {
    document.title = "Schemas · DashStream";
  }, []);

  return (
    <ReadingScreen title="Schemas" task="list schemas" icon="graph" reading={reading}>
      {(observed) => (
        <SchemasView
          graphs={graphVersions(observed, pins)}
          graphId={view.graphId}
          againstId={view.againstId}
          nowMs={nowMs()}
          onShow={(next) => navigate(schemasAddress(next), { replace: true })}
          onPin={({ graphId, name, structure: { nodes, edges } }, note) =>
            store.pin({ graphId, name, nodes, edges, note, atUs: nowMs() * 1000 })
          }
          onUnpin={store.unpin}
        />
      )}
    </ReadingScreen>
  );
}
