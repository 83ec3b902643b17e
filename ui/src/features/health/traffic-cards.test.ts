import { describe, expect, it } from "vitest";
import type { GatewayHealth } from "../../stores/gateway-api";
import { healthOf, partitionOf } from "../../testing/fake-services";
import { readingOf } from "../../testing/health-readings";
import { stateOf } from "./partition-table";
import { indexCard, producersCard, viewersCard } from "./traffic-cards";

const having = (changes: Partial<GatewayHealth>) => readingOf({ health: healthOf(changes) });

describe("cards of what passes through", () => {
  it("say that nothing is known while the gateway does not answer", () => {
    for (const reading of [readingOf({ failure: "no answer" }), readingOf({ health: null })]) {
      for (const card of [producersCard(reading), viewersCard(reading), indexCard(reading)])
        expect(card).toMatchObject({ level: "No data", tone: "neutral", value: "–" });
    }
  });

  it("are closed to a token of some tenants where they are of all", () => {
    const bound = having({ producers: null, viewers: null });
    expect(producersCard(bound).level).toBe("Not for this token");
    expect(viewersCard(bound).level).toBe("Not for this token");
    expect(indexCard(bound).level).toBe("Up to date");
  });
});

describe("producers", () => {
  const levelOf = (accepted: number | null, rejected: number, overloaded: number) =>
    producersCard(having({ producers: { accepted, rejected, overloaded } })).level;

  it("tell no data, idle, healthy, put off and refusing apart, the worst first", () => {
    const levels = [
      levelOf(null, 0, 0),
      levelOf(0, 0, 0),
      levelOf(9, 0, 0),
      levelOf(9, 0, 1),
      levelOf(9, 1, 1),
    ];
    expect(levels).toEqual(["No data", "Idle", "Healthy", "Put off", "Refusing"]);
  });

  it("show what programs say they dropped, or that it is not known", () => {
    const dropped = readingOf({ dropped: { records: 12, runs: 100 } });
    expect(producersCard(dropped).facts).toContainEqual(["Dropped, newest 100 runs", "12"]);
    expect(producersCard(readingOf({ dropped: null })).facts).toContainEqual(["Dropped by programs", "–"]);
  });
});

describe("viewers", () => {
  const cardOf = (connected: number | null, slow: number, applyLagS: number) =>
    viewersCard(having({ viewers: { connected, slow, applyLagS } }));

  it("tell no data, nobody, healthy, late and slow apart, the worst first", () => {
    const cards = [cardOf(null, 0, 0), cardOf(0, 0, 0), cardOf(2, 0, 1), cardOf(2, 0, 1.1), cardOf(2, 1, 9)];
    expect(cards.map(({ level }) => level)).toEqual(["No data", "Nobody", "Healthy", "Late", "Slow"]);
  });

  it("have no lag while nobody is connected", () => {
    expect(cardOf(0, 0, 0).facts).toContainEqual(["Sent to applied, longest", "–"]);
  });
});

describe("the list of runs", () => {
  it("tells no data, up to date, catching up and behind apart", () => {
    const reasons = [{ check: "index", level: "degraded", message: "it is stopped" }] as const;
    const levels = [{ indexLag: null }, { indexLag: 0 }, { indexLag: 3 }, { indexLag: null, reasons }].map(
      (changes) => indexCard(having(changes)).level,
    );
    expect(levels).toEqual(["No data", "Up to date", "Catching up", "Behind"]);
  });
});

describe("a partition", () => {
  it("tells its states apart, the worst first", () => {
    const paused = { offset: "17", reason: "decode", sinceUs: 0 };
    const words = [
      partitionOf({ owned: false, settled: null }),
      partitionOf({ paused, catchingUp: true }),
      partitionOf({ settled: null }),
      partitionOf({ catchingUp: true }),
      partitionOf({ settled: "100" }),
      partitionOf(),
    ].map((duties) => stateOf(duties)[0]);
    expect(words).toEqual(["Elsewhere", "Paused", "No data", "Catching up", "Working", "Up to date"]);
  });
});
