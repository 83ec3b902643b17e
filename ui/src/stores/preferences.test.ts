import { describe, expect, it } from "vitest";
import { createFakeServices } from "../testing/fake-services";
import { createPreferences, DEFAULT_PREFERENCES, readPreferences } from "./preferences";

describe("preferences", () => {
  it("outlive the page", () => {
    const { storage } = createFakeServices();
    createPreferences(storage).change({ theme: "dark", graphShare: 0.3 });
    expect(createPreferences(storage).getState()).toEqual({
      ...DEFAULT_PREFERENCES,
      theme: "dark",
      graphShare: 0.3,
    });
  });

  it.each([null, "", "{", "[]", "null", '{"theme":"pink","graphShare":7,"speed":-1}'])(
    "fall back for %s",
    (text) => {
      expect(readPreferences(text)).toEqual(DEFAULT_PREFERENCES);
    },
  );
});
