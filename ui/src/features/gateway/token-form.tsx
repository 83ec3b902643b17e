import { useState } from "react";
import { useServices } from "../../stores/use-services";
import { Button } from "../../widgets/button";
import "./gateway.css";

interface TokenFormProps {
  /** Another token is in use. */
  onUsed?: () => void;
}

/** Where a link, or the token in it, is pasted; the page uses it from then on. */
export function TokenForm({ onUsed }: TokenFormProps) {
  const { token: store } = useServices();
  const [text, setText] = useState("");
  const token = tokenOf(text);
  return (
    <form
      className="token-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!token) return;
        store.set(token);
        setText("");
        onUsed?.();
      }}
    >
      <div className="field token-form__field">
        <input
          className="field__input"
          aria-label="The link or its token"
          placeholder="Paste the link or its token here"
          value={text}
          onChange={(event) => setText(event.target.value)}
          spellCheck={false}
          autoComplete="off"
        />
      </div>
      <Button variant="primary" type="submit" disabled={!token}>
        Use it
      </Button>
    </form>
  );
}

/** The token in a pasted link, or the pasted text itself. */
export function tokenOf(text: string): string | null {
  const fragment = text.split("#")[1];
  const token = fragment === undefined ? text : new URLSearchParams(fragment).get("token");
  return token?.trim() || null;
}
