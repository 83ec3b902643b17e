import { useState } from "react";
import { plural } from "../../../model/display";
import type { LlmDetail, LlmMessage } from "../../../stores/engine";
import { Button } from "../../../widgets/button";
import { BoundedText, prettyJson } from "../bounded-text";

/** The prompt, message by message; what an earlier call already had is folded away. */
export function Prompt({ detail }: { detail: LlmDetail }) {
  const { prompt, sharedMessages, promptTruncated } = detail;
  const [open, setOpen] = useState(false);
  const hidden = open ? 0 : Math.min(sharedMessages, prompt.length);
  return (
    <section className="call-sheet__part" data-testid="llm-prompt">
      <h4>Prompt · {plural(prompt.length, "message")}</h4>
      {promptTruncated && (
        <p className="llm-prompt__note">
          Not all of the prompt is here: the producer cut it, or the call it builds upon is missing.
        </p>
      )}
      {prompt.length === 0 && !promptTruncated && <p className="muted">No prompt was recorded.</p>}
      {sharedMessages > 0 && (
        <Button
          variant="ghost"
          icon={open ? "chevron-down" : "chevron-right"}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {plural(sharedMessages, "message")} as in an earlier call
        </Button>
      )}
      <ol className="llm-prompt">
        {prompt.slice(hidden).map((message, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a prompt only grows at its end, and equal messages may repeat
          <li key={hidden + index} className="llm-message" data-role={message.role}>
            <Message message={message} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Message({ message }: { message: LlmMessage }) {
  return (
    <>
      <p className="llm-message__role">
        {message.role || "unknown role"}
        {message.name !== null && <span className="llm-message__name">{message.name}</span>}
      </p>
      {message.content !== "" && <BoundedText text={message.content} />}
      {message.toolCalls !== null && (
        <div className="llm-message__calls">
          <p className="llm-message__name">asks for tools</p>
          <BoundedText text={prettyJson(message.toolCalls)} />
        </div>
      )}
      {message.content === "" && message.toolCalls === null && <p className="muted">empty</p>}
    </>
  );
}
