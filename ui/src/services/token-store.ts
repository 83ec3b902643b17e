/**
 * The gateway's token: comes in the address as `#token=`, is kept for the tab, and leaves the address bar at once so
 * that a copied link does not carry it. A newer link that is opened in the same tab renews it.
 */

import type { PreferenceStorage, TokenStore } from "../stores/services";

const NAME = "token";

export interface AddressBar {
  /** With the "#". */
  readonly hash: string;
  /** Replace the address by the same one with this hash, "" for none. */
  replaceHash(hash: string): void;
  /** Call when the hash has changed while the page is open. */
  onHash(changed: () => void): void;
}

export function createTokenStore(
  address: AddressBar,
  storage: PreferenceStorage,
  changed: (token: string | null) => void,
): TokenStore {
  const takeGiven = (): string | null => {
    const given = new URLSearchParams(address.hash.slice(1));
    const token = given.get("token");
    if (token === null) return null;
    given.delete("token");
    const rest = given.toString();
    address.replaceHash(rest === "" ? "" : `#${rest}`);
    return token === "" ? null : token;
  };
  const set = (next: string | null): void => {
    storage.set(NAME, next);
    changed(next);
  };
  const first = takeGiven();
  if (first !== null) storage.set(NAME, first);
  address.onHash(() => {
    const newer = takeGiven();
    if (newer !== null) set(newer);
  });
  return {
    get current() {
      return storage.get(NAME);
    },
    set,
  };
}
