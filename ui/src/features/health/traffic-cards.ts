/** Cards of what passes through a gateway: what programs send, who looks, and how far the list of runs is. */

import { count, duration, plural, sentence } from "../../model/display";
import type { HealthReading } from "../../stores/gateway-health";
import { type Card, known, noData, notForThisToken, quiet, troubled } from "./card";
import { reasonRemedy } from "./health-cards";

/** A viewer that takes longer to apply what it was sent is late. */
const LATE_S = 1;

export function producersCard(reading: HealthReading): Card {
  const title = "Producers";
  const { health, failure, dropped } = reading;
  if (failure !== null || health === null) return noData(title);
  if (health.producers === null) return notForThisToken(title, "Counts of what programs send are");
  const { accepted, rejected, overloaded } = health.producers;
  return {
    ...producersState(title, health.producers, health.windowS),
    facts: [
      ["Refused", known(rejected)],
      ["Requests put off", known(overloaded)],
      [
        dropped === null ? "Dropped by programs" : `Dropped, newest ${plural(dropped.runs, "run")}`,
        known(dropped?.records ?? null),
      ],
    ],
    ...(accepted !== null && {
      chart: { series: "accepted", label: `Records taken in ${count(health.windowS)} s`, words: count },
    }),
  };
}

function producersState(
  title: string,
  { accepted, rejected, overloaded }: NonNullable<NonNullable<HealthReading["health"]>["producers"]>,
  windowS: number,
): Card {
  if (accepted === null || rejected === null || overloaded === null) return noData(title);
  const value = `${plural(accepted, "record")} in ${count(windowS)} s`;
  if (rejected > 0) {
    const cause = `${plural(rejected, "record")} could not be used, and the program was told why.`;
    return troubled(title, "Refusing", value, cause, reasonRemedy("ingest"));
  }
  if (overloaded > 0) {
    const cause = `${plural(overloaded, "request")} came faster than the disk takes records.`;
    return troubled(title, "Put off", value, cause, reasonRemedy("overload"));
  }
  if (accepted === 0) {
    const cause = "No program sent a record over HTTP. Records that come over Kafka are not counted here.";
    return quiet(title, "Idle", value, cause);
  }
  return { ...quiet(title, "Healthy", value, "All records that programs sent were taken."), tone: "ok" };
}

export function viewersCard({ health, failure }: HealthReading): Card {
  const title = "Viewers";
  if (failure !== null || health === null) return noData(title);
  if (health.viewers === null) return notForThisToken(title, "Viewers are");
  const { connected, slow, applyLagS } = health.viewers;
  if (connected === null || slow === null || applyLagS === null) return noData(title);
  const value = `${count(connected)} connected`;
  const facts: Card["facts"] = [
    ["Do not keep up", count(slow)],
    ["Sent to applied, longest", connected === 0 ? "–" : seconds(applyLagS)],
  ];
  const chart: Card["chart"] = { series: "viewerLagS", label: "Sent to applied, longest", words: seconds };
  const state = viewersState(title, value, health.viewers);
  return { ...state, facts, chart };
}

function viewersState(
  title: string,
  value: string,
  { connected, slow, applyLagS }: NonNullable<NonNullable<HealthReading["health"]>["viewers"]>,
): Card {
  if (slow) {
    const cause = `${plural(slow, "viewer")} took nothing of what was sent for a while; the others are not held up.`;
    return troubled(title, "Slow", value, cause, reasonRemedy("clients"));
  }
  if (connected === 0) {
    return quiet(title, "Nobody", value, "No page or program follows a run on this gateway.");
  }
  if ((applyLagS ?? 0) > LATE_S) {
    const cause = `A viewer applies records ${seconds(applyLagS ?? 0)} after they were sent.`;
    return troubled(title, "Late", value, cause, "It catches up by itself; close other heavy tabs there.");
  }
  return { ...quiet(title, "Healthy", value, "All viewers apply what they are sent."), tone: "ok" };
}

const seconds = (value: number): string => duration(value * 1_000_000);

export function indexCard({ health, failure }: HealthReading): Card {
  const title = "List of runs";
  if (failure !== null || health === null) return noData(title);
  const { indexLag, reasons } = health;
  const reason = reasons.find(({ check }) => check === "index");
  const value = indexLag === null ? "–" : `${plural(indexLag, "record")} behind`;
  const chart: Card["chart"] = { series: "indexLag", label: "Records behind the log", words: count };
  const card = (): Card => {
    if (reason) return troubled(title, "Behind", value, sentence(reason.message), reasonRemedy("index"));
    if (indexLag === null) return noData(title);
    if (indexLag === 0) {
      return { ...quiet(title, "Up to date", value, "The list shows all that the log has."), tone: "ok" };
    }
    const cause = "The list shows what it has folded so far; open runs are live all the same.";
    return { ...quiet(title, "Catching up", value, cause), tone: "running" };
  };
  return { ...card(), chart };
}
