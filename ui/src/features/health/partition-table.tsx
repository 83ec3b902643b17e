/** How far each partition's duties are, the one that needs most attention first. */

import { count, plural } from "../../model/display";
import type { PartitionDuties } from "../../stores/gateway-api";
import { unsettled } from "../../stores/health-trend";
import { Chip, type Tone } from "../../widgets/chip";
import "./partition-table.css";

const SHOWN = 32;

export function PartitionTable({ partitions }: { partitions: readonly PartitionDuties[] }) {
  const sorted = [...partitions].sort((left, right) => urgency(right) - urgency(left));
  const more = sorted.length - SHOWN;
  return (
    <section className="partitions" aria-label="Partitions">
      <h2>Partitions</h2>
      <table className="partitions__table">
        <thead>
          <tr>
            <th scope="col">Partition</th>
            <th scope="col">Duties</th>
            <th scope="col">Not settled</th>
            <th scope="col">Settled before</th>
            <th scope="col">Log's next offset</th>
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, SHOWN).map((one) => (
            <PartitionRow key={one.partition} duties={one} />
          ))}
        </tbody>
      </table>
      {more > 0 && <p className="muted">And {plural(more, "more partition")}, with less to settle.</p>}
    </section>
  );
}

function PartitionRow({ duties }: { duties: PartitionDuties }) {
  const [word, tone] = stateOf(duties);
  const isKnown = duties.owned && duties.settled !== null;
  return (
    <tr>
      <th scope="row">{duties.partition}</th>
      <td>
        <Chip tone={tone}>{word}</Chip>
      </td>
      <td>{isKnown ? count(unsettled(duties)) : "–"}</td>
      <td>{duties.settled ?? "–"}</td>
      <td>{duties.high}</td>
    </tr>
  );
}

export function stateOf(duties: PartitionDuties): readonly [word: string, tone: Tone] {
  if (!duties.owned) return ["Elsewhere", "neutral"];
  if (duties.paused !== null) return ["Paused", "waiting"];
  if (duties.settled === null) return ["No data", "neutral"];
  if (duties.catchingUp) return ["Catching up", "running"];
  return unsettled(duties) > 0 ? ["Working", "ok"] : ["Up to date", "ok"];
}

/** Paused ones first, then by what is left to settle; those of other gateways last. */
const urgency = (duties: PartitionDuties): number => {
  if (!duties.owned) return -1;
  return duties.paused === null ? unsettled(duties) : Number.POSITIVE_INFINITY;
};
