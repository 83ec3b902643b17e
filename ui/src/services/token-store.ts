/**
 * The gateway's token: comes in the address as `#token=`, is kept for the tab, and leaves the address bar at once so
 * that a copied link does not carry it.
 */

import type { PreferenceStorage, TokenStore } from "../stores/services";

const NAME = "token";

export interface AddressBar {
  /** With the "#". */
  readonly hash: string;
  /** Replace the address by the same one with this hash, "" for none. */
  replaceHash(hash: string): void;
}

export function createTokenStore(
  address: AddressBar,
  storage: PreferenceStorage,
  changed: (token: string | null) => void,
): TokenStore {
  const given = new URLSearchParams(address.hash.slice(1));
  const token = given.get("token");
  if (token !== null) {
    if (token !== "") storage.set(NAME, token);
    given.delete("token");
    const rest = given.toString();
    address.replaceHash(rest === "" ? "" : `#${rest}`);
  }
  return {
    get current() {
      return storage.get(NAME);
    },
    set(next) {
      storage.set(NAME, next);
      changed(next);
    },
  };
}
