/** Records that could not be processed: browse, inspect, send again. Filter and chosen letter are in the address. */

import { useEffect, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { type LettersView, lettersAddress, readLettersView } from "../../stores/address-operations";
import { newestLetters } from "../../stores/letters";
import { useReading } from "../../stores/use-reading";
import { useServices } from "../../stores/use-services";
import { ReadingScreen } from "../gateway/reading-screen";
import { DeadLettersView } from "./dead-letters-view";
import { LettersToolbar } from "./letters-toolbar";

const PAGE = 200;

export function DeadLettersPage() {
  const { operations, nowMs } = useServices();
  const view = readLettersView(useSearch());
  const [, navigate] = useLocation();
  const [wanted, setWanted] = useState(PAGE);
  const { reason, letter: chosenId } = view;
  const reading = useReading(JSON.stringify([reason, wanted]), (signal) =>
    newestLetters(operations, reason, wanted, signal),
  );
  const listed = reading.value?.letters.find(({ id }) => id === chosenId) ?? null;
  const linked = useReading(JSON.stringify([chosenId, listed !== null]), async (signal) =>
    chosenId === null || listed !== null ? null : operations.deadLetter(chosenId, signal),
  );
  useEffect(() => {
    document.title = "Dead letters · DashStream";
  }, []);

  const show = (changes: Partial<LettersView>) =>
    navigate(lettersAddress({ ...view, ...changes }), { replace: true });
  return (
    <ReadingScreen
      title="Dead letters"
      task="list dead letters"
      icon="file"
      reading={reading}
      toolbar={<LettersToolbar reason={reason} onReason={(next) => show({ reason: next, letter: null })} />}
    >
      {(answer) => (
        <DeadLettersView
          answer={answer}
          filtered={reason !== null}
          chosenId={chosenId}
          chosen={listed ?? linked.value}
          chosenFailure={linked.failure?.message ?? null}
          nowMs={nowMs()}
          onChoose={(id) => show({ letter: id })}
          onClear={() => show({ reason: null, letter: null })}
          onLoadMore={() => setWanted(wanted + PAGE)}
          onRedrive={async (id) => {
            const copy = await operations.redrive(id, new AbortController().signal);
            reading.askAgain();
            linked.askAgain();
            return copy;
          }}
        />
      )}
    </ReadingScreen>
  );
}
