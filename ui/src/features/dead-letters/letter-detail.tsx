import { type ReactNode, useState } from "react";
import { bytes, fullInstant, plural, sentence } from "../../model/display";
import type { DeadLetter, Redrive } from "../../stores/operations-api";
import { Button, IconButton } from "../../widgets/button";
import { Copyable } from "../../widgets/copy-button";
import { EmptyState } from "../../widgets/empty-state";
import { Fact } from "../../widgets/field";
import { Prose } from "../../widgets/prose";
import { hindrance, reasonWords } from "./letter-words";
import { RedriveDialog } from "./redrive-dialog";

interface LetterDetailProps {
  letter: DeadLetter | null;
  failure: string | null;
  nowMs: number;
  onClose: () => void;
  onRedrive: () => Promise<Redrive>;
}

/** One letter in full: why, what mends it, what is known of the record, and what was done about it. */
export function LetterDetail({ letter, failure, onClose, onRedrive }: LetterDetailProps) {
  const [asking, setAsking] = useState(false);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by the keyboard
    <section className="letter" aria-label="Dead letter" data-testid="letter-detail" tabIndex={0}>
      <header className="letter__head">
        <h2>{letter ? reasonWords(letter.reason).label : "Dead letter"}</h2>
        <IconButton icon="close" label="Close" onClick={onClose} />
      </header>
      {letter ? (
        <LetterFacts letter={letter} onAsk={() => setAsking(true)} />
      ) : (
        <EmptyState icon="file" title={failure ? "This letter could not be read" : "Reading…"} compact>
          {failure && sentence(failure)}
        </EmptyState>
      )}
      {letter && asking && (
        <RedriveDialog letter={letter} onClose={() => setAsking(false)} onRedrive={onRedrive} />
      )}
    </section>
  );
}

function LetterFacts({ letter, onAsk }: { letter: DeadLetter; onAsk: () => void }) {
  const { cause, remedy } = reasonWords(letter.reason);
  const hindered = hindrance(letter);
  return (
    <>
      <p>{cause}</p>
      <p className="muted">
        <Prose text={remedy} />
      </p>
      <div className="letter__act">
        <Button
          variant="primary"
          icon="loop"
          disabled={hindered !== null}
          onClick={onAsk}
          data-testid="redrive"
        >
          Send again…
        </Button>
        {hindered && (
          <p className="muted">
            <Prose text={hindered} />
          </p>
        )}
      </div>
      <Redrives redriven={letter.redriven} />
      <dl className="letter__facts">
        <Fact label="Letter">
          <Copyable text={letter.id} label="Copy the letter's id" />
        </Fact>
        <Fact label="Place">
          Topic {letter.topic}, partition {letter.partition}, offset {letter.offset}
        </Fact>
        <Fact label="Thread">{letter.threadId ? <code>{letter.threadId}</code> : "not readable"}</Fact>
        <Fact label="Tenant">{letter.tenantId || "–"}</Fact>
        <Fact label="Producer">{letter.producerId || "not readable"}</Fact>
        <Fact label="Record written">{fullInstant(letter.timestampUs)}</Fact>
        <Fact label="Letter written">
          {fullInstant(letter.atUs)} by {letter.instance}
        </Fact>
        <Fact label="Size">{bytes(letter.size)}</Fact>
        <Fact label="SHA-256 of the exact bytes">
          <Copyable text={letter.sha256} label="Copy the digest" />
        </Fact>
        <Fact label="First bytes">
          <code>{spaced(letter.head)}</code>
        </Fact>
        <Fact label="Last bytes">
          <code>{spaced(letter.tail)}</code>
        </Fact>
      </dl>
    </>
  );
}

function Redrives({ redriven }: { redriven: readonly Redrive[] }): ReactNode {
  if (redriven.length === 0) return null;
  return (
    <section className="letter__redrives" aria-label="Sent again">
      <h3>Sent again {plural(redriven.length, "time")}</h3>
      <ul>
        {redriven.map(({ atUs, partition, offset, instance }) => (
          <li key={`${partition} ${offset}`}>
            {fullInstant(atUs)}: offset {offset} of partition {partition}, by {instance}
          </li>
        ))}
      </ul>
    </section>
  );
}

const spaced = (hex: string): string => hex.replace(/(..)(?=.)/g, "$1 ") || "–";
