import { ComparePage } from "../features/compare/compare-page";
import { CompareView } from "../features/compare/compare-view";
import type { Comparison, Side } from "../stores/compare";
import type { Scene } from "./gallery-page";

const side = (node: string): Side => ({
  step: { sequence: "40", superstep: "4", hash: node, repeats: false },
  nodes: [node],
});
const PARTING = {
  left: side("write"),
  right: side("judge"),
  operations: [
    { op: "replace", path: "/score", before: "0.6", after: "0.9" },
    {
      op: "replace",
      path: "/draft",
      before: '"Tides rise with the moon, twice a day, and nobody asked them to."',
      after: '"Tides rise and fall with the moon, twice a day, and nobody asked."',
    },
    { op: "add", path: "/notes/3", before: null, after: '{"fact":"spring tides"}' },
    { op: "remove", path: "/topic", before: '"tides"', after: null },
  ] as const,
  total: 4,
};

const scene = (id: string, title: string, comparison: Comparison): Scene => ({
  id: `compare-${id}`,
  title,
  show: () => (
    <div className="gallery__box">
      <CompareView left="run-7f3a91c2e4" right="run-88aa01bb23" comparison={comparison} />
    </div>
  ),
});

export const COMPARE_SCENES: readonly Scene[] = [
  { id: "compare-choose", title: "Two runs to choose", show: () => <ComparePage /> },
  scene("parted", "Two runs that part", { common: 5, parting: PARTING, unproven: false }),
  scene("ended", "One ends first", {
    common: 5,
    parting: { ...PARTING, right: { step: null, nodes: [] }, operations: [], total: 0 },
    unproven: false,
  }),
  scene("same", "No difference", { common: 8, parting: null, unproven: false }),
  scene("unproven", "Without hashes", { common: 2, parting: null, unproven: true }),
];
