import { useMemo, useState } from "react";
import { fullInstant, instant, plural } from "../../model/display";
import { type Drift, driftOf } from "../../model/structure-drift";
import { Banner } from "../../widgets/banner";
import { Button } from "../../widgets/button";
import { Copyable } from "../../widgets/copy-button";
import { Fact, Select } from "../../widgets/field";
import { DriftList } from "./drift-list";
import { PinDialog } from "./pin-dialog";
import { SchemaPicture } from "./schema-picture";
import type { GraphVersions, Version } from "./versions";

interface SchemaDetailProps {
  graph: GraphVersions;
  version: Version;
  /** Another version to compare with; null is the expected one. */
  againstId: string | null;
  nowMs: number;
  onAgainst: (graphId: string | null) => void;
  onPin: (note: string) => void;
  onUnpin: () => void;
}

/** One structure: what it is, what is expected, and what differs, drawn and told. */
export function SchemaDetail(props: SchemaDetailProps) {
  const { graph, version, againstId, onAgainst } = props;
  const { pin } = graph;
  const others = graph.versions.filter(({ graphId }) => graphId !== version.graphId);
  const other = others.find(({ graphId }) => graphId === againstId);
  const against = other?.structure ?? pin;
  const structure = version.structure;
  const drift = useMemo(() => driftOf(against ?? structure, structure), [against, structure]);
  const compared = against !== null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by the keyboard
    <section className="schema" aria-label="Schema" data-testid="schema-detail" tabIndex={0}>
      <SchemaHead {...props} />
      {pin && <PinBanner pin={pin} version={version} nowMs={props.nowMs} />}
      <div className="schema__compare">
        <span data-testid="drift-summary">{driftWords(drift, compared)}</span>
        {others.length > 0 && (
          <Select
            label="Compare with"
            value={againstId ?? ""}
            onValue={(value) => onAgainst(value || null)}
            options={[
              ["", pin ? "vs expected" : "vs nothing"],
              ...others.map(({ graphId }) => [graphId, `vs ${graphId.slice(0, 10)}`] as const),
            ]}
          />
        )}
      </div>
      <div className="schema__body">
        <SchemaPicture
          drift={drift}
          name={version.name}
          topology={`${other?.graphId ?? pin?.graphId} ${version.graphId}`}
        />
        <DriftList drift={drift} compared={compared} />
      </div>
    </section>
  );
}

function SchemaHead({ version, onPin, onUnpin }: SchemaDetailProps) {
  const [pinning, setPinning] = useState(false);
  const { observed, structure } = version;
  return (
    <>
      <header className="schema__head">
        <h2 className="truncate">{version.name || "unnamed graph"}</h2>
        {version.expected ? (
          <Button icon="close" onClick={onUnpin}>
            Expect it no longer
          </Button>
        ) : (
          <Button variant="primary" icon="check" onClick={() => setPinning(true)}>
            Expect this one…
          </Button>
        )}
      </header>
      <dl className="schema__facts">
        <Fact label="Id">
          <Copyable label="Copy the id" text={version.graphId} />
        </Fact>
        <Fact label="Size">
          {plural(structure.nodes.length, "node")}, {plural(structure.edges.length, "edge")}
        </Fact>
        {observed && (
          <>
            <Fact label="Runs">{observed.runs}</Fact>
            <Fact label="First seen">{fullInstant(observed.firstSeenUs)}</Fact>
            <Fact label="Last seen">{fullInstant(observed.lastSeenUs)}</Fact>
          </>
        )}
      </dl>
      {pinning && (
        <PinDialog
          name={version.name}
          onClose={() => setPinning(false)}
          onPin={(note) => {
            onPin(note);
            setPinning(false);
          }}
        />
      )}
    </>
  );
}

interface PinBannerProps {
  pin: NonNullable<GraphVersions["pin"]>;
  version: Version;
  nowMs: number;
}

function PinBanner({ pin, version, nowMs }: PinBannerProps) {
  const when = `Expected since ${instant(pin.atUs, nowMs)}, in this browser.`;
  return version.expected ? (
    <Banner inset icon="check" title="This structure is expected">
      {when} {pin.note}
    </Banner>
  ) : (
    <Banner inset tone="waiting" icon="diff" title="Another structure is expected">
      <code>{pin.graphId.slice(0, 10)}</code> is. {when} {pin.note}
    </Banner>
  );
}

function driftWords({ differences }: Drift, compared: boolean): string {
  if (!compared) return "Nothing is expected of this graph, so nothing can drift.";
  return differences === 0 ? "No difference" : plural(differences, "difference");
}
