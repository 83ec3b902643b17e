/**
 * The view of the open run: moment, tab and selected path. The address follows the view, and the view follows the
 * address when the user goes back or forth.
 */

import { useEffect, useState } from "react";
import { createStore, type StoreApi } from "zustand/vanilla";
import { type RunView, readRunView, writeRunView } from "./address";
import { type AddressWriter, createAddressWriter } from "./address-writer";

export interface RunViewStore extends StoreApi<RunView> {
  change(changes: Partial<RunView>): void;
  /** Take over what the address says. */
  follow(search: string): void;
}

export function createRunView(search: string, writer: Pick<AddressWriter, "put">): RunViewStore {
  const store = createStore<RunView>(() => readRunView(search));
  return {
    ...store,
    change(changes) {
      store.setState(changes);
      writer.put(writeRunView(store.getState()));
    },
    follow(next) {
      if (next !== writeRunView(store.getState())) store.setState(readRunView(next));
    },
  };
}

/** A store bound to the window's address, for as long as the component is mounted. */
export function useAddressedRunView(nowMs: () => number): RunViewStore {
  const [writer] = useState(() =>
    createAddressWriter({
      write: (search) => history.replaceState(history.state, "", `${location.pathname}${search}`),
      nowMs,
    }),
  );
  const [store] = useState(() => createRunView(location.search, writer));
  useEffect(() => {
    const onPopState = () => store.follow(location.search);
    window.addEventListener("popstate", onPopState);
    return () => window.removeEventListener("popstate", onPopState);
  }, [store]);
  return store;
}
