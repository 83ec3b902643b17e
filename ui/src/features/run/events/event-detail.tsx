import { useState } from "react";
import { bytes, fullInstant } from "../../../model/display";
import type { EventDetail } from "../../../stores/engine";
import { Button, IconButton } from "../../../widgets/button";
import { Fact } from "../../../widgets/field";
import { BoundedText } from "../bounded-text";
import type { PaneProps } from "../pane";
import { PaneAnswer } from "../pane-states";
import { useAnswer } from "../use-answer";

interface EventDetailViewProps extends Pick<PaneProps, "engine" | "frame"> {
  id: string;
  onClose: () => void;
}

/** One record in full: decoded, and as its bytes. */
export function EventDetailView({ engine, frame, id, onClose }: EventDetailViewProps) {
  const answer = useAnswer(`${frame.openId} ${id}`, async () => ({
    detail: await engine.eventDetail(id),
  }));
  const [form, setForm] = useState<"json" | "hex">("json");
  return (
    <section className="event-detail" aria-label="Selected record" data-testid="event-detail">
      <header className="event-detail__header">
        <Button variant="ghost" pressed={form === "json"} onClick={() => setForm("json")}>
          Decoded
        </Button>
        <Button variant="ghost" pressed={form === "hex"} onClick={() => setForm("hex")}>
          Bytes
        </Button>
        <span className="pane__spring" />
        <IconButton icon="close" label="Close" onClick={onClose} />
      </header>
      <div className="event-detail__body">
        <PaneAnswer answer={answer} subject="the record" icon="list">
          {({ detail }) =>
            detail === null ? (
              <p className="muted">This record is no longer held.</p>
            ) : (
              <Body detail={detail} form={form} />
            )
          }
        </PaneAnswer>
      </div>
    </section>
  );
}

function Body({ detail, form }: { detail: EventDetail; form: "json" | "hex" }) {
  const { row } = detail;
  return (
    <>
      <dl className="event-detail__facts">
        <Fact label="Time">{fullInstant(row.timestampUs)}</Fact>
        <Fact label="Sequence">{row.sequence}</Fact>
        <Fact label="Position">
          {row.partition}:{row.offset}
        </Fact>
        <Fact label="Superstep">{row.superstep ?? "–"}</Fact>
        <Fact label="Size">{bytes(row.bytes)}</Fact>
      </dl>
      {form === "json" ? (
        <BoundedText text={detail.json} copyLabel="Copy the record as JSON" data-testid="event-json" />
      ) : (
        <>
          <BoundedText text={detail.hex} copyLabel="Copy the hex dump" data-testid="event-hex" />
          {detail.truncated && <p className="muted">The dump holds the beginning of the record only.</p>}
        </>
      )}
    </>
  );
}
