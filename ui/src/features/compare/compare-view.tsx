import { Link } from "wouter";
import { count, plural, shortId } from "../../model/display";
import { momentAddress, runAddress } from "../../stores/address";
import type { Comparison, Side } from "../../stores/compare";
import { Banner } from "../../widgets/banner";
import { ValueDiff } from "../run/state/value-diff";
import "./compare.css";

interface CompareViewProps {
  left: string;
  right: string;
  comparison: Comparison;
}

/** How far two runs go together, and what is different where they part. */
export function CompareView({ left, right, comparison }: CompareViewProps) {
  const { parting } = comparison;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by the keyboard
    <section className="compare" aria-label="Comparison" data-testid="comparison" tabIndex={0}>
      <Verdict comparison={comparison} />
      <div className="compare__sides">
        <SideCard title="Left" runId={left} side={parting?.left ?? null} />
        <SideCard title="Right" runId={right} side={parting?.right ?? null} />
      </div>
      {parting?.left.step && parting.right.step && <Differences parting={parting} />}
    </section>
  );
}

function Verdict({ comparison: { common, parting, unproven } }: { comparison: Comparison }) {
  const same = `${plural(common, "step")} from the start ${common === 1 ? "has" : "have"} the same state in both.`;
  if (unproven) {
    return (
      <Banner inset tone="waiting" icon="shield" title="The runs cannot be compared any further">
        {same} The next step has no hash, so nothing proves whether its states are the same.
      </Banner>
    );
  }
  if (parting === null) {
    return (
      <Banner inset icon="check" title={common === 0 ? "Neither run has a state" : "No difference"}>
        {common > 0 && same}
      </Banner>
    );
  }
  const { left, right } = parting;
  if (left.step === null || right.step === null) {
    return (
      <Banner inset icon="info" title={`The ${left.step ? "right" : "left"} run ends first`}>
        {same} The other goes on.
      </Banner>
    );
  }
  return (
    <Banner
      inset
      icon="diff"
      title={common === 0 ? "The runs part at once" : `The runs part after ${plural(common, "step")}`}
    >
      {common === 0 ? "They have no state in common." : same}
    </Banner>
  );
}

interface SideCardProps {
  title: string;
  runId: string;
  /** Null where the runs do not part. */
  side: Side | null;
}

function SideCard({ title, runId, side }: SideCardProps) {
  return (
    <article className="compare__side" aria-label={title}>
      <h2>
        {title}: <code title={runId}>{shortId(runId, 16)}</code>
      </h2>
      {side && <p>{side.step === null ? "This run has ended." : <RanBefore nodes={side.nodes} />}</p>}
      {side?.step ? (
        <Link href={momentAddress(runId, side.step.sequence)}>Open where they part</Link>
      ) : (
        <Link href={runAddress(runId)}>Open the run</Link>
      )}
    </article>
  );
}

function RanBefore({ nodes }: { nodes: readonly string[] }) {
  if (nodes.length === 0) return <span className="muted">No node ran before it.</span>;
  return (
    <>
      Ran before it: <strong>{nodes.join(", ")}</strong>
    </>
  );
}

function Differences({ parting }: { parting: NonNullable<Comparison["parting"]> }) {
  const { operations, total } = parting;
  return (
    <section className="compare__differences" aria-label="Differences of the state">
      <h2>
        {total === 0
          ? "The state of the root graph is the same: a subgraph's differs"
          : `${plural(total, "difference")} from left to right`}
        {total > operations.length && `; the first ${count(operations.length)} are shown`}
      </h2>
      <ul>
        {operations.map(({ op, path, before, after }) => (
          <li key={`${op} ${path}`} className="compare__difference">
            <code>{path || "(whole state)"}</code>
            <ValueDiff before={before} after={after} />
          </li>
        ))}
      </ul>
    </section>
  );
}
