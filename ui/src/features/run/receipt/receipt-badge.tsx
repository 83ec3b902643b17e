import type { Receipt } from "../../../stores/engine";
import { Icon, type IconName } from "../../../widgets/icon";
import { Popover } from "../../../widgets/popover";
import { ReceiptDetails } from "./receipt-details";
import { deliveryWords, receiptTone, verificationWords } from "./receipt-words";
import "./receipt.css";

interface ReceiptBadgeProps {
  receipt: Receipt;
  onStep: (step: number) => void;
}

/** Whether the picture can be trusted, always in sight; the evidence on demand. */
export function ReceiptBadge({ receipt, onStep }: ReceiptBadgeProps) {
  const tone = receiptTone(receipt);
  return (
    <Popover
      label="Receipt"
      trigger={
        <button
          type="button"
          className={`receipt-badge receipt-badge--${tone}`}
          data-testid="receipt-badge"
          data-complete={receipt.complete}
          data-received={receipt.received}
          data-total={receipt.total ?? ""}
          data-gaps={receipt.gaps.length}
          data-verification={receipt.verification}
        >
          <Icon name={iconOf(tone)} />
          <span>{deliveryWords(receipt)}</span>
          <span className="receipt-badge__state">{verificationWords(receipt)}</span>
        </button>
      }
    >
      <ReceiptDetails receipt={receipt} onStep={onStep} />
    </Popover>
  );
}

function iconOf(tone: string): IconName {
  if (tone === "ok") return "shield-check";
  return tone === "running" ? "shield" : "shield-alert";
}
