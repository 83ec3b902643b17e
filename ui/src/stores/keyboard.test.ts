import { afterEach, describe, expect, it } from "vitest";
import { createKeyReader, type Shortcut } from "./keyboard";

const SHORTCUTS: readonly Shortcut[] = ["g r", "l", "Space", "ArrowLeft", "?"].map((keys) => ({
  keys,
  label: keys,
  run: () => undefined,
}));

afterEach(() => document.body.replaceChildren());

function press(
  reader: ReturnType<typeof createKeyReader>,
  key: string,
  target: Element = document.body,
  at = 0,
) {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  Object.defineProperty(event, "timeStamp", { value: at });
  Object.defineProperty(event, "target", { value: target });
  return { found: reader.read(event)?.keys ?? null, prevented: event.defaultPrevented };
}

function element(tag: string, role?: string): Element {
  const created = document.createElement(tag);
  if (role) created.setAttribute("role", role);
  document.body.append(created);
  return created;
}

describe("the reader of keys", () => {
  it("finds a shortcut and takes the key", () => {
    expect(
      press(
        createKeyReader(() => SHORTCUTS),
        "l",
      ),
    ).toEqual({ found: "l", prevented: true });
    expect(
      press(
        createKeyReader(() => SHORTCUTS),
        "x",
      ),
    ).toEqual({ found: null, prevented: false });
  });

  it("finds a sequence, unless its second key comes late", () => {
    const reader = createKeyReader(() => SHORTCUTS);
    expect(press(reader, "g", document.body, 0).found).toBeNull();
    expect(press(reader, "r", document.body, 900).found).toBe("g r");
    press(reader, "g", document.body, 2000);
    expect(press(reader, "r", document.body, 3100).found).toBeNull();
  });

  it("reads a single key after a sequence that went wrong", () => {
    const reader = createKeyReader(() => SHORTCUTS);
    press(reader, "g");
    expect(press(reader, "l").found).toBe("l");
  });

  it("leaves text fields alone", () => {
    expect(
      press(
        createKeyReader(() => SHORTCUTS),
        "l",
        element("input"),
      ).found,
    ).toBeNull();
    expect(
      press(
        createKeyReader(() => SHORTCUTS),
        "?",
        element("textarea"),
      ).found,
    ).toBeNull();
  });

  it("leaves a key to the widget that it presses or moves", () => {
    const reader = createKeyReader(() => SHORTCUTS);
    expect(press(reader, " ", element("button")).found).toBeNull();
    expect(press(reader, "l", element("button")).found).toBe("l");
    expect(press(reader, "ArrowLeft", element("div", "tree")).found).toBeNull();
    expect(press(reader, "ArrowLeft", element("button")).found).toBe("ArrowLeft");
  });

  it("prefers what was offered last", () => {
    const later: Shortcut = { keys: "l", label: "later", run: () => undefined };
    const reader = createKeyReader(() => [...SHORTCUTS, later]);
    const event = new KeyboardEvent("keydown", { key: "l", cancelable: true });
    expect(reader.read(event)).toBe(later);
  });
});
