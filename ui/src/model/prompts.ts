/** Prompts, put together: a call carries only what its prompt adds to that of an earlier call of its node. */

import type { Event } from "../protocol/gen/dashstream_pb";
import { isObject, type JsonValue, parseJson, stringifyJson } from "../protocol/json";
import { countAttribute, flagAttribute, textAttribute } from "./attributes";
import type { LlmMessage } from "./views";

export interface Prompt {
  readonly messages: readonly LlmMessage[];
  /** A part was cut by the producer, or the call that it builds upon is not here. */
  readonly truncated: boolean;
  /** Messages at the front that an earlier call already had. */
  readonly shared: number;
}

/** The prompt of a call; `startOf` gives the start of a call by its id, null when it is not here. */
export function promptOf(id: string, startOf: (id: string) => Event | null): Prompt {
  const parts: LlmMessage[][] = [];
  const seen = new Set<string>();
  let wanted = Number.POSITIVE_INFINITY;
  let shared = 0;
  let truncated = false;
  for (let call: string | null = id; call !== null && wanted > 0; ) {
    const start: Event | null = seen.has(call) ? null : startOf(call);
    seen.add(call);
    if (start === null) {
      truncated = true;
      break;
    }
    const base = textAttribute(start, "llm.prompt_base");
    const baseCount = base === null ? 0 : (countAttribute(start, "llm.prompt_base_count") ?? 0);
    const own = messagesOf(textAttribute(start, "llm.prompt"));
    const most = Math.max(0, wanted - baseCount);
    if (flagAttribute(start, "llm.prompt_truncated") && own.length < most) truncated = true;
    parts.unshift(own.slice(0, most));
    if (call === id) shared = baseCount;
    wanted = Math.min(wanted, baseCount);
    call = base;
  }
  const messages = parts.flat();
  return { messages, truncated, shared: Math.min(shared, messages.length) };
}

/** Messages in a producer's JSON text: chat messages, plain texts, or anything else as JSON. */
function messagesOf(text: string | null): LlmMessage[] {
  if (text === null) return [];
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch {
    return [{ role: "text", name: null, content: text, toolCalls: null }];
  }
  return (Array.isArray(value) ? value : [value]).map(messageOf);
}

const ROLES: Readonly<Record<string, string>> = { human: "user", ai: "assistant" };

function messageOf(value: JsonValue): LlmMessage {
  if (!isObject(value)) return { role: "text", name: null, content: readable(value), toolCalls: null };
  const said = textIn(value, "role") ?? textIn(value, "type");
  const content = Object.hasOwn(value, "content") ? (value.content as JsonValue) : null;
  const calls = Object.hasOwn(value, "tool_calls") ? (value.tool_calls as JsonValue) : null;
  const hasCalls = Array.isArray(calls) && calls.length > 0;
  const isMessage = said !== null && Object.hasOwn(value, "content");
  return {
    role: said === null ? "text" : (ROLES[said] ?? said),
    name: textIn(value, "name"),
    content: isMessage ? readable(content) : readable(value),
    toolCalls: hasCalls ? stringifyJson(calls, 2) : null,
  };
}

function textIn(value: { readonly [key: string]: JsonValue }, key: string): string | null {
  const found = Object.hasOwn(value, key) ? value[key] : null;
  return typeof found === "string" ? found : null;
}

function readable(value: JsonValue): string {
  if (value === null) return "";
  return typeof value === "string" ? value : stringifyJson(value, 2);
}
