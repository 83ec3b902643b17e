import { useState } from "react";
import { Button } from "../../widgets/button";
import { Dialog } from "../../widgets/dialog";

const NOTE_AT_MOST = 500;

interface PinDialogProps {
  name: string;
  onClose: () => void;
  onPin: (note: string) => void;
}

export function PinDialog({ name, onClose, onPin }: PinDialogProps) {
  const [note, setNote] = useState("");
  return (
    <Dialog title={`Expect this structure of ${name || "this graph"}?`} open onClose={onClose}>
      <form
        className="pin-form"
        onSubmit={(event) => {
          event.preventDefault();
          onPin(note.trim());
        }}
      >
        <p>
          Other structures of this graph are then marked, with what differs. This browser keeps it; a
          structure that was expected before is replaced.
        </p>
        <label className="pin-form__note">
          Note
          <textarea
            rows={3}
            maxLength={NOTE_AT_MOST}
            value={note}
            onChange={(event) => setNote(event.target.value)}
            placeholder="Why this one, as in: released with 2.4"
          />
        </label>
        <div className="pin-form__buttons">
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit">
            Expect it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
