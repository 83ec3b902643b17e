/** The token of an open run's connection, when it ends soon or does not count: what happens when, and what to do. */

import { useState } from "react";
import { instant } from "../../model/display";
import type { ConnectionStatus } from "../../stores/engine";
import { useNow } from "../../stores/use-now";
import { useServices } from "../../stores/use-services";
import { Banner } from "../../widgets/banner";
import { TokenForm } from "./token-form";

const TICK_MS = 1000;

export function TokenBanner({ connection }: { connection: ConnectionStatus }) {
  const { expiresInMs, isTokenRefused, reason } = connection;
  if (isTokenRefused) {
    return (
      <Banner
        tone="error"
        icon="lock"
        title="This page needs a newer token"
        actions={<TokenForm />}
        data-testid="token-refused"
      >
        {reason}. What is shown stays as it was. With a newer token for the same records the page goes on
        right after the last one that it has; open a newer link in this tab, or paste it here.
      </Banner>
    );
  }
  return expiresInMs === null ? null : <ExpiryBanner expiresInMs={expiresInMs} />;
}

/** Stays on the screen from the warning on until there is a newer token. */
function ExpiryBanner({ expiresInMs }: { expiresInMs: number }) {
  const { nowMs } = useServices();
  const [endMs] = useState(() => nowMs() + expiresInMs);
  const shownMs = useNow(TICK_MS);
  const leftS = Math.ceil((endMs - shownMs) / 1000);
  return (
    <Banner
      tone="waiting"
      icon="clock"
      title={leftS > 0 ? `The token expires in ${leftS} s` : "The token has expired"}
      actions={<TokenForm />}
      data-testid="token-expiring"
    >
      The gateway ends the connection soon after {instant(endMs * 1000, shownMs)}. To stay connected, open a
      newer link in this tab or paste it here; nothing is lost either way.
    </Banner>
  );
}
