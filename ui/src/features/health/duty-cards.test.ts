import { describe, expect, it } from "vitest";
import type { HealthReason } from "../../stores/gateway-api";
import type { HealthReading } from "../../stores/gateway-health";
import { healthOf, partitionOf } from "../../testing/fake-services";
import { readingOf } from "../../testing/health-readings";
import { deadLettersCard, dutiesCard, retainedCard } from "./duty-cards";

const reasonOf = (check: string): HealthReason => ({ check, level: "degraded", message: "it is so" });
const paused = { offset: "17", reason: "decode", sinceUs: 0 };

describe("cards of what is done once for all", () => {
  it("say that nothing is known while the gateway does not answer", () => {
    for (const reading of [readingOf({ failure: "no answer" }), readingOf({ health: null })]) {
      for (const card of [retainedCard(reading), deadLettersCard(reading), dutiesCard(reading)]) {
        expect(card).toMatchObject({ level: "No data", tone: "neutral", value: "–" });
      }
    }
    expect(dutiesCard(readingOf({ partitions: null })).level).toBe("No data");
    const closed = dutiesCard(readingOf({ partitions: null, arePartitionsClosed: true }));
    expect(closed).toMatchObject({ level: "Not for this token", tone: "neutral", facts: [] });
  });
});

describe("the retained tier", () => {
  it("is not healthy where there is none", () => {
    expect(retainedCard(readingOf())).toMatchObject({ level: "Not in use", tone: "neutral" });
    expect(retainedCard(readingOf({ health: healthOf({ retained: "working" }) })).tone).toBe("ok");
  });

  it("says why it fails, and what to do", () => {
    const health = healthOf({ retained: "failing", reasons: [reasonOf("retained")] });
    const card = retainedCard(readingOf({ health }));
    expect(card).toMatchObject({ level: "Failing", tone: "waiting", cause: "It is so." });
    expect(card.remedy).toContain("Redis");
  });
});

describe("dead letters", () => {
  const lettersOf = (written: number | null) => ({ written, waiting: 1, lostRecently: null });

  it("tell none, some, not known and failing apart", () => {
    const levels = [
      healthOf({ deadLetters: lettersOf(0) }),
      healthOf({ deadLetters: lettersOf(2) }),
      healthOf({ deadLetters: lettersOf(null) }),
      healthOf({ deadLetters: lettersOf(2), reasons: [reasonOf("dead_letters")] }),
    ].map((health) => deadLettersCard(readingOf({ health })).level);
    expect(levels).toEqual(["None", "Kept", "No data", "Failing"]);
  });

  it("show what is missing as missing", () => {
    const card = deadLettersCard(readingOf({ health: healthOf({ deadLetters: lettersOf(2) }) }));
    expect(card.facts.map(([, value]) => value)).toEqual(["1", "–"]);
    expect(card.remedy).toContain("dashstream dlq list");
    expect(card.link?.href).toBe("/dead-letters");
  });
});

describe("duties", () => {
  const cardOf = (...partitions: HealthReading["partitions"] & object) =>
    dutiesCard(readingOf({ partitions }));
  const elsewhere = partitionOf({ partition: 1, owned: false, settled: null });

  it("count what is owned here, with offsets beyond 2^53", () => {
    const far = partitionOf({ high: "9007199254740995", settled: "9007199254740993" });
    const card = cardOf(far, elsewhere);
    expect(card).toMatchObject({ level: "Healthy", tone: "ok", value: "1 of 2 owned here" });
    expect(card.facts[0]).toEqual(["Records not settled yet", "2"]);
  });

  it("are no failure where other gateways have them all", () => {
    expect(cardOf(elsewhere)).toMatchObject({ level: "Elsewhere", tone: "neutral" });
    expect(cardOf(elsewhere).facts[0]).toEqual(["Records not settled yet", "–"]);
  });

  it("tell catching up, paused and standing still apart, the worst first", () => {
    const catching = partitionOf({ catchingUp: true });
    const stopped = partitionOf({ partition: 3, paused });
    expect(cardOf(catching)).toMatchObject({ level: "Catching up", tone: "running" });
    expect(cardOf(catching, stopped)).toMatchObject({ level: "Paused", tone: "waiting" });
    expect(cardOf(stopped).cause).toBe("Partition 3 stopped at offset 17: decode.");
    expect(cardOf(stopped).remedy).toContain("dashstream partitions resume 3");
    const health = healthOf({ reasons: [reasonOf("heads")] });
    expect(dutiesCard(readingOf({ health, partitions: [stopped] })).level).toBe("Standing still");
  });

  it("name some paused partitions and count the rest", () => {
    const stopped = [1, 2, 3, 4, 5].map((partition) => partitionOf({ partition, paused }));
    expect(cardOf(...stopped).cause).toMatch(/Partition 3 stopped.*And 2 more\.$/);
  });
});
