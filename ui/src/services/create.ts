/** Makes the page's services: the one place where they meet the browser. */

import { runOfAddress } from "../stores/address";
import type { Services } from "../stores/services";
import { browserClock } from "./clock";
import { EngineClient } from "./engine-client";
import { spawnEngineWorker } from "./engine-worker-port";
import { GatewayClient } from "./gateway-client";
import { GatewayHttp } from "./gateway-http";
import { HistoryClient } from "./history-client";
import { OperationsClient } from "./operations-client";
import { preferenceStorage } from "./preference-storage";
import { createTokenStore } from "./token-store";

/** Services for a page at this address; its gateway is the one that it was loaded from. */
export function createServices(location: Location): Services {
  const engine = new EngineClient({ spawn: spawnEngineWorker, clock: browserClock(), random: Math.random });
  const connect = (token: string | null) => engine.connect({ ...addressesOf(location), token });
  const address = {
    get hash() {
      return location.hash;
    },
    replaceHash: (hash: string) =>
      history.replaceState(history.state, "", location.pathname + location.search + hash),
    onHash: (changed: () => void) => addEventListener("hashchange", changed),
  };
  const token = createTokenStore(
    address,
    preferenceStorage(() => sessionStorage),
    connect,
  );
  connect(token.current);
  // The run that the address names comes while the page is still being drawn.
  const runId = runOfAddress(location.pathname);
  if (runId !== null) engine.openRun(runId);
  const http = new GatewayHttp({
    apiUrl: addressesOf(location).apiUrl,
    token: () => token.current,
    fetch: (input, init) => fetch(input, init),
  });
  return {
    engine,
    token,
    api: new GatewayClient(http),
    history: new HistoryClient(http),
    operations: new OperationsClient(http),
    storage: preferenceStorage(() => localStorage),
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    copyText,
  };
}

export function addressesOf({ protocol, host }: Pick<Location, "protocol" | "host">) {
  const secure = protocol === "https:" ? "s" : "";
  return { apiUrl: `http${secure}://${host}`, wsUrl: `ws${secure}://${host}/ws` };
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
