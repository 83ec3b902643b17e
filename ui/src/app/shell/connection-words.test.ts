import { describe, expect, it } from "vitest";
import type { ConnectionPhase } from "../../stores/engine";
import { connectionOf } from "../../testing/frames";
import { connectionWords } from "./connection-words";

const ANSWERING = { state: "answering", reason: null } as const;

describe("the words for the connection", () => {
  it.each<ConnectionPhase>([
    "connecting",
    "subscribing",
    "catching_up",
    "live",
    "falling_behind",
    "mismatch",
    "closed",
  ])("give a cause and a remedy while %s", (phase) => {
    const words = connectionWords(connectionOf({ phase }), ANSWERING);
    expect(words.cause).not.toBe("");
    expect(words.remedy).not.toBe("");
  });

  it("speak of the gateway while no run is open", () => {
    const idle = connectionOf({ phase: "idle", source: "none" });
    expect(connectionWords(idle, ANSWERING).label).toBe("Connected");
    expect(connectionWords(idle, { state: "unreachable", reason: "refused" })).toMatchObject({
      label: "Unreachable",
      cause: "refused",
    });
    expect(connectionWords(null, { state: "unknown", reason: null }).label).toBe("Connecting");
  });

  it("tell a first attempt from a repeated one", () => {
    expect(connectionWords(connectionOf({ phase: "connecting", attempt: 1 }), ANSWERING).label).toBe(
      "Connecting",
    );
    expect(connectionWords(connectionOf({ phase: "connecting", attempt: 2 }), ANSWERING).label).toBe(
      "Reconnecting",
    );
  });
});
