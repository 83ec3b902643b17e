/** All that waits for a person, over all runs: the question, who asks, and since when. */

import { useEffect } from "react";
import { useNow } from "../../stores/use-now";
import { useReading } from "../../stores/use-reading";
import { useServices } from "../../stores/use-services";
import { waitingQuestions } from "../../stores/waiting";
import { ReadingScreen } from "../gateway/reading-screen";
import { NeedsYouView } from "./needs-you-view";

const TICK_MS = 1000;

export function NeedsYouPage() {
  const { api } = useServices();
  const reading = useReading("waiting", (signal) => waitingQuestions(api, signal));
  const nowMs = useNow(TICK_MS);
  useEffect(() => {
    document.title = "Needs you · DashStream";
  }, []);
  return (
    <ReadingScreen title="Needs you" task="list what waits" icon="hand" reading={reading}>
      {(waiting) => <NeedsYouView waiting={waiting} nowMs={nowMs} />}
    </ReadingScreen>
  );
}
