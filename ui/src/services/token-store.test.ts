import { expect, it } from "vitest";
import { preferenceStorage } from "./preference-storage";
import { createTokenStore } from "./token-store";

function storeFor(hash: string, kept: Storage = memory()) {
  const replaced: string[] = [];
  const changed: (string | null)[] = [];
  let follow: () => void = () => undefined;
  const address = {
    hash,
    replaceHash: (next: string) => void replaced.push(next),
    onHash: (call: () => void) => {
      follow = call;
    },
  };
  const store = createTokenStore(
    address,
    preferenceStorage(() => kept),
    (token) => void changed.push(token),
  );
  const goTo = (next: string) => {
    address.hash = next;
    follow();
  };
  return { store, replaced, changed, kept, goTo };
}

function memory(): Storage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    clear: () => items.clear(),
    getItem: (key) => items.get(key) ?? null,
    key: () => null,
    removeItem: (key) => void items.delete(key),
    setItem: (key, value) => void items.set(key, value),
  };
}

it("takes the token out of the address and keeps it for the tab", () => {
  const { store, replaced, kept } = storeFor("#token=a%2Bb&view=x");
  expect(store.current).toBe("a+b");
  expect(replaced).toEqual(["#view=x"]);
  expect(storeFor("", kept).store.current).toBe("a+b");
  expect(storeFor("", kept).replaced).toEqual([]);
});

it("leaves no hash behind when there was only the token", () => {
  expect(storeFor("#token=secret").replaced).toEqual([""]);
});

it("tells of another token, and forgets it on demand", () => {
  const { store, changed } = storeFor("#token=one");
  store.set("two");
  expect(store.current).toBe("two");
  store.set(null);
  expect(store.current).toBeNull();
  expect(changed).toEqual(["two", null]);
});

it("takes a newer link that is opened while the page is, and leaves other hashes alone", () => {
  const { store, replaced, changed, goTo } = storeFor("#token=one");
  goTo("#main");
  goTo("#token=");
  expect(changed).toEqual([]);
  goTo("#token=two");
  expect(store.current).toBe("two");
  expect(changed).toEqual(["two"]);
  expect(replaced.at(-1)).toBe("");
});
