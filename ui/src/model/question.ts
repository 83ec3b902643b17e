/** What an interrupted run asks, for people, and how it is answered. */

import { isObject, type JsonValue, parseJson, stringifyJson } from "../protocol/json";

/** Fields that programs commonly put their question into. */
const QUESTIONS = ["question", "message", "prompt", "query"] as const;

/** The question in the value of an interrupt: its text, and whatever else the program gave, as JSON. */
export function questionText(json: string): string {
  const value = parsed(json);
  if (value === undefined) return json;
  if (typeof value === "string") return value;
  if (!isObject(value)) return stringifyJson(value, 2);
  const name = QUESTIONS.find((candidate) => typeof value[candidate] === "string");
  if (name === undefined) return stringifyJson(value, 2);
  const { [name]: question, ...rest } = value;
  return Object.keys(rest).length === 0 ? String(question) : `${question}\n\n${stringifyJson(rest, 2)}`;
}

function parsed(json: string): JsonValue | undefined {
  try {
    return parseJson(json);
  } catch {
    return undefined;
  }
}

/** Python that resumes the thread; where several questions wait, `interruptId` says which one it answers. */
export function resumeCode(threadId: string, interruptId: string | null): string {
  const answer = '"your answer"';
  const resume = interruptId === null ? answer : `{${JSON.stringify(interruptId)}: ${answer}}`;
  return [
    "from langgraph.types import Command",
    "",
    `config = {"configurable": {"thread_id": ${JSON.stringify(threadId)}}}`,
    `graph.invoke(Command(resume=${resume}), config)`,
  ].join("\n");
}
