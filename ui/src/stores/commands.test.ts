import { expect, it } from "vitest";
import { type Command, matching } from "./commands";

const command = (title: string, detail?: string): Command => ({
  id: title,
  title,
  ...(detail ? { detail } : {}),
  run: () => undefined,
});
const COMMANDS = [
  command("Go to health"),
  command("Health of nodes"),
  command("write", "node, health unknown"),
];
const titles = (text: string) => matching(COMMANDS, text).map(({ title }) => title);

it("finds commands by all words, in any order, and puts those first that begin with the text", () => {
  expect(titles("")).toHaveLength(3);
  expect(titles(" HEALTH ")).toEqual(["Health of nodes", "Go to health", "write"]);
  expect(titles("health go")).toEqual(["Go to health"]);
  expect(titles("node")).toEqual(["Health of nodes", "write"]);
  expect(titles("nothing")).toEqual([]);
});
