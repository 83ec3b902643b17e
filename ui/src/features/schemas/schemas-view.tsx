import { instant, plural } from "../../model/display";
import type { SchemasView as View } from "../../stores/address-operations";
import { Chip } from "../../widgets/chip";
import { EmptyState } from "../../widgets/empty-state";
import { SchemaDetail } from "./schema-detail";
import type { GraphVersions, Version } from "./versions";
import "./schemas.css";

export interface SchemasViewProps {
  graphs: readonly GraphVersions[];
  graphId: string | null;
  againstId: string | null;
  nowMs: number;
  onShow: (view: View) => void;
  onPin: (version: Version, note: string) => void;
  onUnpin: (name: string) => void;
}

export function SchemasView(props: SchemasViewProps) {
  const { graphs, graphId, againstId, nowMs, onShow } = props;
  const graph =
    graphs.find(({ versions }) => versions.some((version) => version.graphId === graphId)) ??
    (graphId === null ? graphs[0] : undefined);
  const version = graph?.versions.find((one) => one.graphId === graphId) ?? graph?.versions[0];
  if (graphs.length === 0) {
    return (
      <EmptyState icon="graph" title="No schemas yet">
        The structure of a graph appears here as soon as a run declares it.
      </EmptyState>
    );
  }
  return (
    <div className="schemas">
      <nav className="schemas__list" aria-label="Graphs">
        {graphs.map(({ name, versions }) => (
          <section key={name}>
            <h2 className="schemas__name truncate">{name || "unnamed graph"}</h2>
            {versions.map((one) => (
              <VersionButton
                key={one.graphId}
                version={one}
                current={one === version}
                nowMs={nowMs}
                onShow={() => onShow({ graphId: one.graphId, againstId: null })}
              />
            ))}
          </section>
        ))}
      </nav>
      {graph && version ? (
        <SchemaDetail
          key={version.graphId}
          graph={graph}
          version={version}
          againstId={againstId}
          nowMs={nowMs}
          onAgainst={(id) => onShow({ graphId: version.graphId, againstId: id })}
          onPin={(note) => props.onPin(version, note)}
          onUnpin={() => props.onUnpin(graph.name)}
        />
      ) : (
        <EmptyState icon="search" title="This schema is not known here">
          No run that this gateway knows has declared <code>{graphId}</code>.
        </EmptyState>
      )}
    </div>
  );
}

interface VersionButtonProps {
  version: Version;
  current: boolean;
  nowMs: number;
  onShow: () => void;
}

function VersionButton({ version, current, nowMs, onShow }: VersionButtonProps) {
  const { graphId, observed } = version;
  return (
    <button
      type="button"
      className="schemas__version"
      aria-current={current ? "true" : undefined}
      onClick={onShow}
      data-testid="schema-version"
    >
      <span className="schemas__id">
        <code>{graphId.slice(0, 10)}</code>
        <VersionChip version={version} />
      </span>
      <span className="muted">
        {observed
          ? `${plural(observed.runs, "run")}, last ${instant(observed.lastSeenUs, nowMs)}`
          : "no run known here"}
      </span>
    </button>
  );
}

function VersionChip({ version: { expected, differences } }: { version: Version }) {
  if (expected) {
    return (
      <Chip tone="ok" quiet icon="check">
        expected
      </Chip>
    );
  }
  if (differences === null) return null;
  return (
    <Chip tone="waiting" quiet dot>
      {plural(differences, "difference")}
    </Chip>
  );
}
