import { fireEvent, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import type { Receipt } from "../../../stores/engine";
import { receiptOf } from "../../../testing/frames";
import { renderPage } from "../../../testing/render-page";
import { ReceiptBadge } from "./receipt-badge";
import { gapWords, receiptTone, verdictWords } from "./receipt-words";

const GAP = {
  kind: "delivery",
  reason: "not_retained",
  partition: 0,
  from: "10",
  to: "50",
  count: 40,
  step: 3,
} as const;

function show(changes: Partial<Receipt> = {}, onStep: (step: number) => void = () => undefined) {
  renderPage(<ReceiptBadge receipt={receiptOf(changes)} onStep={onStep} />);
  return screen.getByTestId("receipt-badge");
}

describe("the receipt's badge", () => {
  it("says that all is here and proven", () => {
    const badge = show();
    expect(badge.textContent).toContain("12,481 of 12,481 records, 0 gaps");
    expect(badge.textContent).toContain("state verified");
    expect(badge.dataset).toMatchObject({
      complete: "true",
      received: "12481",
      total: "12481",
      gaps: "0",
      verification: "verified",
    });
  });

  it("does not invent a total that is not known", () => {
    const badge = show({ total: null, received: 7, complete: false });
    expect(badge.textContent).toContain("7 records, 0 gaps");
    expect(badge.dataset.total).toBe("");
  });

  it("shows gaps, losses and what was set aside, with their places", () => {
    const onStep = vi.fn();
    const badge = show(
      {
        complete: false,
        gaps: [GAP],
        missing: 40,
        duplicates: 2,
        undecodable: 1,
        undecodables: [{ partition: 0, offset: "77", reason: "truncated" }],
        losses: [
          {
            sequence: "9",
            step: 2,
            kind: "token_chunk",
            reason: "queue_full",
            count: 3,
            firstUs: null,
            lastUs: null,
          },
        ],
      },
      onStep,
    );
    fireEvent.click(badge);
    expect(
      screen.getByText(/40 records \(offsets 10 to before 50 of partition 0\) after step 3/),
    ).toBeTruthy();
    expect(
      screen.getByText(/3 token chunk records dropped by the producer at step 2: its queue was full/),
    ).toBeTruthy();
    expect(screen.getByText("offset 77 of partition 0: truncated")).toBeTruthy();
    fireEvent.click(screen.getAllByText("Go there")[0] as HTMLElement);
    expect(onStep).toHaveBeenCalledWith(3);
  });

  it("is green only when everything is proven", () => {
    expect(receiptTone(receiptOf())).toBe("ok");
    expect(receiptTone(receiptOf({ complete: false }))).toBe("running");
    expect(receiptTone(receiptOf({ verification: "unverified" }))).toBe("waiting");
    expect(receiptTone(receiptOf({ gaps: [GAP] }))).toBe("loss");
    expect(receiptTone(receiptOf({ undecodable: 1 }))).toBe("loss");
    expect(receiptTone(receiptOf({ gaps: [GAP], verification: "mismatch" }))).toBe("error");
  });

  it("admits what it does not know", () => {
    expect(gapWords({ ...GAP, count: null, step: null })).toContain("an unknown number of records");
    expect(verdictWords(receiptOf({ verification: "unverified" }))).toContain("no hashes");
    expect(verdictWords(receiptOf({ verification: "mismatch" }))).toContain("differs");
  });
});
