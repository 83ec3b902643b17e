/**
 * What a close code means to this client. The ranges are the contract: 4000-4499 reconnect, 4500-4999 do not come
 * back without a change; everything else (1001, 1006, 1011, ...) is a cut and reconnects.
 */

/** Codes this client closes with. A browser refuses anything but 1000 and 3000-4999. */
export const CLIENT_CLOSE = {
  done: 1000,
  timeout: 4400,
  hole: 4401,
  behind: 4402,
  mismatch: 4403,
  badFrame: 4404,
} as const;

export type ClientCloseCode = (typeof CLIENT_CLOSE)[keyof typeof CLIENT_CLOSE];

export interface CloseVerdict {
  readonly retry: boolean;
  readonly cause: string;
  readonly remedy: string | null;
  readonly isTokenRefused: boolean;
}

export const NEWER_TOKEN = "Open a newer link in this tab, or paste its token";
const TOKEN_REFUSED = 4501;

const TERMINAL: ReadonlyMap<number, readonly [string, string]> = new Map([
  [4500, ["The gateway refused this page's request", "Reload the page; it may be of another version"]],
  [TOKEN_REFUSED, ["The gateway does not accept this page's token", NEWER_TOKEN]],
  [4503, ["This token may not read these records", "Use a token that may"]],
  [4508, ["A frame was larger than the gateway allows", "Reload the page; it may be of another version"]],
]);

const RETRYABLE: ReadonlyMap<number, string> = new Map([
  [4001, "The gateway is going away"],
  [4002, "This page was too slow for the gateway"],
  [4003, "The replay took too long"],
  [1006, "The connection was cut"],
]);

/** What to do after the gateway, or the network, closed the connection. */
export function judgeClose(code: number, reason: string): CloseVerdict {
  const said = reason === "" ? "" : ` (${reason.slice(0, 120)})`;
  if (code >= 4500 && code <= 4999) {
    const [cause, remedy] = TERMINAL.get(code) ?? [`The gateway closed with code ${code}`, "Try again"];
    return { retry: false, cause: cause + said, remedy, isTokenRefused: code === TOKEN_REFUSED };
  }
  const cause = RETRYABLE.get(code) ?? `The connection ended with code ${code}`;
  return { retry: true, cause: cause + said, remedy: null, isTokenRefused: false };
}
