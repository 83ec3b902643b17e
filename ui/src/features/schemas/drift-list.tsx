import type { Drift, Drifted, DriftMark, StructureEdge } from "../../model/structure-drift";

const GLYPHS: Readonly<Record<DriftMark, string>> = { same: "", added: "+", removed: "−", changed: "~" };

/** What the picture shows, as words: differences first. */
export function DriftList({ drift, compared }: { drift: Drift; compared: boolean }) {
  return (
    <div className="drift-list">
      <Part
        title="Nodes"
        items={drift.nodes}
        compared={compared}
        words={(node) => (node.kind === "node" ? node.id : `${node.id} (${node.kind})`)}
      />
      <Part title="Edges" items={drift.edges} compared={compared} words={edgeWords} />
    </div>
  );
}

const edgeWords = ({ source, target, label, conditional }: StructureEdge): string =>
  `${source} → ${target}${label ? ` “${label}”` : ""}${conditional ? ", conditional" : ""}`;

interface PartProps<T> {
  title: string;
  items: readonly Drifted<T>[];
  compared: boolean;
  words: (item: T) => string;
}

function Part<T>({ title, items, compared, words }: PartProps<T>) {
  const ordered = items.toSorted((a, b) => Number(a.mark === "same") - Number(b.mark === "same"));
  return (
    <section>
      <h3>{title}</h3>
      <ul>
        {ordered.map(({ key, mark, item, changes }) => (
          <li key={key} className={`drift drift--${mark}`}>
            <span aria-hidden="true">{GLYPHS[mark]}</span>
            <span>
              {words(item)}
              {compared && mark !== "same" && <em className="drift__word"> {mark}</em>}
              {changes.length > 0 && <span className="muted"> ({changes.join("; ")})</span>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
