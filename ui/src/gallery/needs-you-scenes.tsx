import { NeedsYouView } from "../features/needs-you/needs-you-view";
import type { Waiting } from "../stores/waiting";
import { listingOf } from "../testing/fake-services";
import { STARTED_US } from "../testing/frames";
import type { Scene } from "./gallery-page";

function waiting(runId: string, value: string, sinceS: number): Waiting {
  const interrupt = { id: "i1", nodeId: "approve", value, when: "inside" };
  const run = listingOf({ runId, status: "interrupted", interrupts: [interrupt] });
  return { run, interrupt, sinceUs: STARTED_US + sinceS * 1_000_000 };
}

const WAITING = [
  waiting(
    "run-1",
    '{"question":"Is this draft good enough?","draft":"Tides rise with the moon.","score":0.72}',
    0,
  ),
  waiting("run-2", '"Publish to everybody?"', 5_000),
  waiting("run-3", JSON.stringify({ rows: Array.from({ length: 400 }, (_, id) => ({ id })) }), 5_390),
];

const scene = (id: string, title: string, questions: readonly Waiting[]): Scene => ({
  id: `needs-you-${id}`,
  title,
  show: () => (
    <div className="gallery__box">
      <NeedsYouView waiting={questions} nowMs={STARTED_US / 1000 + 5_400_000} />
    </div>
  ),
});

export const NEEDS_YOU_SCENES: readonly Scene[] = [
  scene("questions", "Questions that wait", WAITING),
  { ...scene("answer", "How to answer", WAITING.slice(0, 1)), press: ["How to answer"] },
  scene("empty", "Nothing waits", []),
];
