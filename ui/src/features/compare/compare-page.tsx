/** Two runs side by side, from where they part. Which runs is in the address. */

import { useEffect } from "react";
import { useLocation, useSearch } from "wouter";
import { compareAddress } from "../../stores/address";
import { type Comparison, compareRuns } from "../../stores/compare";
import { useReading } from "../../stores/use-reading";
import { useServices } from "../../stores/use-services";
import { Button } from "../../widgets/button";
import { EmptyState } from "../../widgets/empty-state";
import { ReadingScreen } from "../gateway/reading-screen";
import { CompareView } from "./compare-view";
import { RunPicker } from "./run-picker";

const LISTED = 200;

export function ComparePage() {
  const { api, history, nowMs } = useServices();
  const parameters = new URLSearchParams(useSearch());
  const [left, right] = [parameters.get("left") ?? "", parameters.get("right") ?? ""];
  const [, navigate] = useLocation();
  const chosen = left !== "" && right !== "";
  const listing = useReading("runs", async (signal) => {
    const answer = await api.runs({ limit: LISTED }, null, signal);
    return answer === "unchanged" ? [] : answer.runs;
  });
  const comparison = useReading(
    JSON.stringify([left, right]),
    async (signal): Promise<Comparison | "unchosen"> =>
      chosen ? compareRuns(history, left, right, signal) : "unchosen",
    true,
  );
  useEffect(() => {
    document.title = "Compare · DashStream";
  }, []);

  const show = (first: string, second: string) => navigate(compareAddress(first, second), { replace: true });
  const runs = listing.value ?? [];
  return (
    <ReadingScreen
      title="Compare two runs"
      task="compare these runs"
      icon="diff"
      reading={comparison}
      toolbar={
        <div className="screen__toolbar">
          <RunPicker
            label="Left run"
            runs={runs}
            value={left}
            nowMs={nowMs()}
            onValue={(id) => show(id, right)}
          />
          <RunPicker
            label="Right run"
            runs={runs}
            value={right}
            nowMs={nowMs()}
            onValue={(id) => show(left, id)}
          />
          <Button icon="loop" disabled={!chosen} onClick={() => show(right, left)}>
            Swap
          </Button>
          <Button disabled={!chosen} onClick={comparison.askAgain}>
            Compare again
          </Button>
        </div>
      }
    >
      {(value) =>
        value === "unchosen" ? (
          <EmptyState icon="diff" title="Choose two runs">
            They are compared step by step, and shown from where their states part.
          </EmptyState>
        ) : (
          <CompareView left={left} right={right} comparison={value} />
        )
      }
    </ReadingScreen>
  );
}
