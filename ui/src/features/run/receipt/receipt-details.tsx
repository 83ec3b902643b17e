import { count } from "../../../model/display";
import type { Receipt } from "../../../stores/engine";
import { Button } from "../../../widgets/button";
import { Fact } from "../../../widgets/field";
import { gapWords, lossWords, verdictWords } from "./receipt-words";

const AT_MOST = 50;

interface ReceiptDetailsProps {
  receipt: Receipt;
  onStep: (step: number) => void;
}

export function ReceiptDetails({ receipt, onStep }: ReceiptDetailsProps) {
  const { gaps, losses, undecodables } = receipt;
  return (
    <div className="receipt">
      <h2>Receipt</h2>
      <p>{verdictWords(receipt)}</p>
      <dl className="receipt__facts">
        <Fact label="Received and applied">
          {count(receipt.received)}
          {receipt.total !== null && ` of ${count(receipt.total)}`}
        </Fact>
        <Fact label="Missing">{count(receipt.missing)}</Fact>
        <Fact label="Duplicates dropped">{count(receipt.duplicates)}</Fact>
        <Fact label="Not decodable">{count(receipt.undecodable)}</Fact>
        <Fact label="States verified">
          {count(receipt.verifiedSteps)} of {count(receipt.steps)}
        </Fact>
        <Fact label="Verified without a break">
          {receipt.verifiedThrough === null
            ? "no step yet"
            : `through step ${count(receipt.verifiedThrough)}`}
        </Fact>
      </dl>
      <Findings
        title="Gaps"
        total={gaps.length}
        findings={gaps.slice(0, AT_MOST).map((gap) => ({
          key: `${gap.kind} ${gap.partition} ${gap.from}`,
          text: gapWords(gap),
          step: gap.step,
        }))}
        onStep={onStep}
      />
      <Findings
        title="Dropped by the producer"
        total={losses.length}
        findings={losses.slice(0, AT_MOST).map((loss) => ({
          key: `${loss.sequence} ${loss.kind} ${loss.reason}`,
          text: lossWords(loss),
          step: loss.step,
        }))}
        onStep={onStep}
      />
      <Findings
        title="Set aside"
        total={receipt.undecodable}
        findings={undecodables.map(({ partition, offset, reason }) => ({
          key: `${partition} ${offset}`,
          text: `offset ${offset} of partition ${partition}: ${reason}`,
          step: null,
        }))}
        onStep={onStep}
      />
    </div>
  );
}

interface FindingsProps {
  title: string;
  total: number;
  findings: readonly { readonly key: string; readonly text: string; readonly step: number | null }[];
  onStep: (step: number) => void;
}

function Findings({ title, total, findings, onStep }: FindingsProps) {
  if (total === 0) return null;
  return (
    <section>
      <h3 className="receipt__title">{title}</h3>
      <ul className="receipt__list">
        {findings.map(({ key, text, step }) => (
          <li key={key} className="receipt__finding">
            <span>{text}</span>
            {step !== null && (
              <Button variant="ghost" onClick={() => onStep(step)}>
                Go there
              </Button>
            )}
          </li>
        ))}
      </ul>
      {total > findings.length && <p className="muted">and {count(total - findings.length)} more</p>}
    </section>
  );
}
