import { expect, it } from "vitest";
import { StateSearch } from "./state-search";

it("finds keys and scalars, case ignored, and remembers the last answer", () => {
  const search = new StateSearch();
  const state = { Topic: "x", list: [{ name: "TOPIC one" }, 42, null] };
  const found = search.find(state, "topic");
  expect(found.count).toBe(2);
  expect(found.tree.child("Topic")?.isMember).toBe(true);
  expect(found.tree.child("list")?.isMember).toBe(false);
  expect(found.tree.child("list")?.child("0")?.child("name")?.isMember).toBe(true);
  expect(search.find(state, "TOPIC")).toBe(found);
  expect(search.find(state, "42").count).toBe(1);
  expect(search.find(state, "null").count).toBe(1);
  expect(search.find(state, "").count).toBe(0);
});

it("finds a state that is a scalar", () => {
  expect(new StateSearch().find("a text", "text").tree.isMember).toBe(true);
});
