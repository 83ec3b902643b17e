import { LETTER_REASONS, type LetterReason } from "../../stores/operations-api";
import { Select } from "../../widgets/field";
import { reasonWords } from "./letter-words";

interface LettersToolbarProps {
  reason: LetterReason | null;
  onReason: (reason: LetterReason | null) => void;
}

export function LettersToolbar({ reason, onReason }: LettersToolbarProps) {
  return (
    <search className="screen__toolbar">
      <Select
        label="Reason"
        value={reason ?? ""}
        onValue={(value) => onReason(LETTER_REASONS.find((candidate) => candidate === value) ?? null)}
        options={[
          ["", "All reasons"],
          ...LETTER_REASONS.map((candidate) => [candidate, reasonWords(candidate).label] as const),
        ]}
      />
      <span className="muted">Records that could not be processed. None of them stopped live delivery.</span>
    </search>
  );
}
