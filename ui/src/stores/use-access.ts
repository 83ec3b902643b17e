/** What the page's own token may do, as the gateway says. */

import type { Access } from "./gateway-api";
import { type Reading, useReading } from "./use-reading";
import { useServices } from "./use-services";

/** Asked once for each token. */
export function useAccess(): Reading<Access> {
  const { api, token } = useServices();
  return useReading(`access ${token.current}`, (signal) => api.access(signal), true);
}
