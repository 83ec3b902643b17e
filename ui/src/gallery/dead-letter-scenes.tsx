import { DeadLettersView, type DeadLettersViewProps } from "../features/dead-letters/dead-letters-view";
import { LettersToolbar } from "../features/dead-letters/letters-toolbar";
import { ReadingScreen } from "../features/gateway/reading-screen";
import { LETTER_REASONS } from "../stores/operations-api";
import type { ReadingFailure } from "../stores/use-reading";
import { letterOf } from "../testing/fake-operations";
import { STARTED_US } from "../testing/frames";
import type { Scene } from "./gallery-page";

const SENT = { atUs: STARTED_US + 9_000_000, partition: 0, offset: "2001", instance: "gateway-1" };
const LETTERS = Array.from({ length: 40 }, (_, index) => {
  const reason = LETTER_REASONS[index % LETTER_REASONS.length] ?? "decode";
  return letterOf({
    offset: String(2000 - index * 7),
    reason,
    size: reason === "null" ? 0 : 300 + index * 977,
    payloadState: index % 3 === 0 && reason !== "null" ? "complete" : "off",
    redriven: index === 3 ? [SENT] : [],
  });
});

interface Open {
  readonly press?: readonly string[];
  readonly failure?: ReadingFailure | null;
}

function scene(
  id: string,
  title: string,
  changes: Partial<DeadLettersViewProps>,
  { press = [], failure = null }: Open = {},
): Scene {
  const nothing = () => undefined;
  return {
    id: `letters-${id}`,
    title,
    press,
    show: () => (
      <ReadingScreen
        title="Dead letters"
        task="list dead letters"
        icon="file"
        reading={{ value: LETTERS, failure, askAgain: nothing }}
        toolbar={<LettersToolbar reason={null} onReason={nothing} />}
      >
        {() => (
          <DeadLettersView
            answer={{ letters: LETTERS, next: null, known: LETTERS.length }}
            filtered={false}
            chosenId={null}
            chosen={null}
            chosenFailure={null}
            nowMs={STARTED_US / 1000}
            onChoose={nothing}
            onClear={nothing}
            onLoadMore={nothing}
            onRedrive={async () => SENT}
            {...changes}
          />
        )}
      </ReadingScreen>
    ),
  };
}

const chosen = (index: number) => {
  const letter = LETTERS[index] ?? null;
  return { chosenId: letter?.id ?? null, chosen: letter };
};

export const DEAD_LETTER_SCENES: readonly Scene[] = [
  scene("list", "A list of letters", { answer: { letters: LETTERS, next: "more", known: 612 } }),
  scene("chosen", "One that can be sent again", chosen(6)),
  scene("redrive", "Before it is sent again", chosen(6), { press: ["Send again"] }),
  scene("sent", "One that was sent again", chosen(3)),
  scene("kept", "One without its bytes", chosen(1)),
  scene("gone", "One that is not there", {
    chosenId: "e.0.1",
    chosenFailure: "there is no dead letter e.0.1",
  }),
  scene(
    "stale",
    "The gateway went away",
    {},
    { failure: { message: "no answer from the gateway", status: null } },
  ),
  scene("empty", "No dead letters", { answer: { letters: [], next: null, known: 0 } }),
  scene("no-match", "None has the reason", { answer: { letters: [], next: null, known: 3 }, filtered: true }),
];
