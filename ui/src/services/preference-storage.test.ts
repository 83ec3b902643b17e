import { expect, it } from "vitest";
import { preferenceStorage } from "./preference-storage";

it("keeps preferences under versioned names", () => {
  localStorage.clear();
  const storage = preferenceStorage(() => localStorage);
  storage.set("theme", "dark");
  expect(localStorage.getItem("dashstream.v1.theme")).toBe("dark");
  expect(preferenceStorage(() => localStorage).get("theme")).toBe("dark");
  storage.set("theme", null);
  expect(storage.get("theme")).toBeNull();
});

it("lives as long as the page where storage is blocked", () => {
  const storage = preferenceStorage(() => {
    throw new DOMException("blocked", "SecurityError");
  });
  expect(storage.get("theme")).toBeNull();
  storage.set("theme", "dark");
  expect(storage.get("theme")).toBe("dark");
  storage.set("theme", null);
  expect(storage.get("theme")).toBeNull();
});
