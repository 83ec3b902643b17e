import { useState } from "react";
import type { RunErrorInfo } from "../../stores/engine";
import { Button } from "../../widgets/button";
import { CodeBlock } from "../../widgets/code-block";
import { Dialog } from "../../widgets/dialog";

/** A button that shows an error's stack. */
export function ErrorDetails({ error }: { error: RunErrorInfo }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Stack</Button>
      <Dialog
        title={error.type || "Error"}
        description={error.message}
        open={open}
        onClose={() => setOpen(false)}
        wide
      >
        <CodeBlock code={error.stack ?? ""} label="Copy the stack" />
      </Dialog>
    </>
  );
}
