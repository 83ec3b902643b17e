import { describe, expect, it } from "vitest";
import { healthOf } from "../../testing/fake-services";
import { connectionOf, intakeOf } from "../../testing/frames";
import { readingOf } from "../../testing/health-readings";
import { connectionCard, gatewayCard, intakeCard } from "./health-cards";

describe("health cards", () => {
  it("tell no data, idle, healthy, slow and stalled apart", () => {
    const levels = (["no_data", "idle", "healthy", "slow", "stalled"] as const).map(
      (level) => intakeCard(intakeOf({ level })).level,
    );
    expect(new Set(levels).size).toBe(5);
    expect(intakeCard(intakeOf({ level: "idle" })).tone).not.toBe("waiting");
  });

  it("show what is missing as missing, not as zero", () => {
    const card = intakeCard(intakeOf({ level: "no_data", averageMs: null, maximumMs: null }));
    expect(card.value).toBe("–");
    expect(card.facts.map(([, value]) => value)).toEqual(["–", "–", "–"]);
    expect(gatewayCard(readingOf({ health: null })).level).toBe("No data");
  });

  it("do not show an old verdict as the present one", () => {
    const health = healthOf();
    expect(gatewayCard(readingOf({ health })).level).toBe("Healthy");
    expect(gatewayCard(readingOf({ health, failure: "no answer" }))).toMatchObject({
      level: "No answer",
      tone: "error",
    });
  });

  it("name what could not be judged", () => {
    const health = healthOf({ level: "degraded", unknown: ["index_lag"] });
    expect(gatewayCard(readingOf({ health })).facts).toContainEqual(["Not known", "index lag"]);
  });

  it("say that no connection is in use while no run is open", () => {
    expect(connectionCard(connectionOf({ phase: "idle", source: "none" })).level).toBe("Not in use");
    expect(connectionCard(connectionOf()).tone).toBe("ok");
  });
});
