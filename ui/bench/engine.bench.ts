/** How fast a run of 100,000 records is folded, and how fast any moment of it is answered about. */

// @vitest-environment node
import { bench, describe } from "vitest";
import { RunModel } from "../src/model/run";
import { RunAnswers } from "../src/model/run-answers";
import type { Moment } from "../src/model/views";
import { largeRun } from "./large-run";

const ONCE = { iterations: 1, warmupIterations: 0, time: 0, warmupTime: 0 };
const STEPS = 25_000;

function folded(records: ReturnType<typeof largeRun>): RunModel {
  const run = new RunModel("large");
  for (const record of records) run.apply(record);
  return run;
}

const small = largeRun(STEPS, 50, false);
const large = largeRun(STEPS, 9_600, true);

describe("fold of 100,000 records", () => {
  bench("over a state of 25 kB", () => void folded(small), ONCE);
  bench("over a state of 5 MB that grows", () => void folded(large), ONCE);
});

describe("answers about a step in the middle, 5 MB of state", () => {
  const answers = new RunAnswers(folded(large));
  let step = 0;
  // Another step each time, so that no answer is one that is remembered.
  const next = (): Moment => {
    step = (step + 7_919) % STEPS;
    return { kind: "step", step };
  };
  bench("graph", () => void answers.graphAt(next()));
  bench("state rows, compared with the step before", () => {
    const rows = { ns: "", expanded: ["/documents"], from: 5_000, count: 60, compare: "previous" as const };
    answers.stateRows({ moment: next(), ...rows });
  });
  bench("difference to the step before", () => {
    answers.diffAt({ moment: next(), against: "previous", ns: "", limit: 100 });
  });
  bench("blame", () => void answers.blame({ moment: next(), ns: "", path: "/step", limit: 50 }));
  bench("timeline of the whole run", () => void answers.timeline({ fromUs: null, toUs: null, limit: 2_000 }));
  bench("events of one type", () => {
    const all = {
      moment: next(),
      kinds: ["node_start"],
      node: null,
      text: `work ${step}`,
      from: 0,
      count: 100,
    };
    answers.eventRows(all);
  });
});
