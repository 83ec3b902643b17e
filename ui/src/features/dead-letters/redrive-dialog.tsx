/** Asks before a record is sent again, and says what came of it. */

import { useState } from "react";
import type { DeadLetter, Redrive } from "../../stores/operations-api";
import { Banner } from "../../widgets/banner";
import { Button } from "../../widgets/button";
import { Dialog } from "../../widgets/dialog";

interface RedriveDialogProps {
  letter: DeadLetter;
  onClose: () => void;
  onRedrive: () => Promise<Redrive>;
}

type Outcome =
  | { readonly kind: "asked" }
  | { readonly kind: "sending" }
  | { readonly kind: "sent"; readonly copy: Redrive }
  | { readonly kind: "refused"; readonly message: string };

export function RedriveDialog({ letter, onClose, onRedrive }: RedriveDialogProps) {
  const [outcome, setOutcome] = useState<Outcome>({ kind: "asked" });
  const before = letter.redriven.length;
  const send = () => {
    setOutcome({ kind: "sending" });
    onRedrive().then(
      (copy) => setOutcome({ kind: "sent", copy }),
      (error: unknown) =>
        setOutcome({ kind: "refused", message: error instanceof Error ? error.message : String(error) }),
    );
  };
  return (
    <Dialog title="Send this record again?" open onClose={onClose}>
      <p>
        The exact bytes of offset {letter.offset} in partition {letter.partition} are appended to topic{" "}
        {letter.topic} again, as a new record. If the cause is not mended, the copy becomes a dead letter too.
      </p>
      {outcome.kind !== "sent" && before > 0 && (
        <Banner tone="waiting" icon="info" title="It was sent again before">
          The copy is at offset {letter.redriven.at(-1)?.offset}.
        </Banner>
      )}
      {outcome.kind === "sent" && (
        <Banner icon="check" title="Sent" data-testid="redrive-sent">
          The copy is at offset {outcome.copy.offset} of partition {outcome.copy.partition}.
        </Banner>
      )}
      {outcome.kind === "refused" && (
        <Banner tone="error" title="Not sent" data-testid="redrive-refused">
          {outcome.message}
        </Banner>
      )}
      <div className="letter__buttons">
        <Button onClick={onClose}>{outcome.kind === "sent" ? "Close" : "Cancel"}</Button>
        {outcome.kind !== "sent" && (
          <Button variant="primary" onClick={send} disabled={outcome.kind === "sending"}>
            {outcome.kind === "sending" ? "Sending…" : "Send again"}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
