/** What an interrupted run asks, for people, and how it is answered. */

import { isObject, type JsonValue, parseJson, stringifyJson } from "../protocol/json";

/** Fields that programs commonly put their question into. */
const QUESTIONS = ["question", "message", "prompt", "query"] as const;

interface Question {
  /** What a person is asked; empty when the program put it into no field that is known. */
  readonly text: string;
  /** Whatever else the program gave. */
  readonly rest: JsonValue | undefined;
}

/** The question in the value of an interrupt. */
export function questionOf(json: string): Question {
  const value = parsed(json);
  if (value === undefined) return { text: json, rest: undefined };
  if (typeof value === "string") return { text: value, rest: undefined };
  const name = isObject(value) && QUESTIONS.find((candidate) => typeof value[candidate] === "string");
  if (!isObject(value) || !name) return { text: "", rest: value };
  const { [name]: text, ...rest } = value;
  return { text: String(text), rest: Object.keys(rest).length === 0 ? undefined : rest };
}

/** The question's text, and below it whatever else the program gave, as JSON. */
export function questionText(json: string): string {
  const { text, rest } = questionOf(json);
  return [...(text ? [text] : []), ...(rest === undefined ? [] : [stringifyJson(rest, 2)])].join("\n\n");
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
