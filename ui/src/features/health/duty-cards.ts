/** Cards of what a gateway does once for all: dead letters, the duties of its partitions, the retained tier. */

import { count, sentence } from "../../model/display";
import type { HealthReason, PartitionDuties } from "../../stores/gateway-api";
import type { HealthReading } from "../../stores/gateway-health";
import { unsettled } from "../../stores/health-trend";
import { type Card, type Chart, known, noData, notForThisToken, quiet, troubled, UNKNOWN } from "./card";
import { DEAD_LETTERS, reasonRemedy } from "./health-cards";

const SHOWN_PAUSES = 3;

export function retainedCard({ health, failure }: HealthReading): Card {
  const title = "Retained tier";
  if (failure !== null || health === null) return noData(title);
  const reason = health.reasons.find(({ check }) => check === "retained");
  switch (health.retained) {
    case "none":
      return quiet(title, "Not in use", "–", "No store is configured: replays read memory, then the log.");
    case "working":
      return {
        ...quiet(title, "Healthy", "written", "What this gateway owns is kept in the store as it arrives."),
        tone: "ok",
      };
    case "failing":
      return troubledBy(title, "Failing", "not written", reason, "retained");
  }
}

export function deadLettersCard({ health, failure }: HealthReading): Card {
  const title = "Dead letters";
  if (failure !== null || health === null) return noData(title);
  const { written, waiting, lostRecently } = health.deadLetters;
  const facts: Card["facts"] = [
    ["Waiting to be written", known(waiting)],
    [`Lost in the last ${count(health.windowS)} s`, known(lostRecently)],
  ];
  const value = written === null ? "–" : `${count(written)} written`;
  const reason = health.reasons.find(({ check }) => check === "dead_letters");
  if (reason) return { ...troubledBy(title, "Failing", value, reason, "dead_letters"), facts };
  if (written === null) return { ...noData(title), facts };
  if (written === 0)
    return {
      ...quiet(title, "None", value, "No new record was beyond use since this gateway started."),
      facts,
    };
  return {
    ...quiet(
      title,
      "Kept",
      value,
      "New records that cannot be processed were set aside since this gateway started.",
    ),
    remedy: "`dashstream dlq list` shows them, of all gateways.",
    link: DEAD_LETTERS,
    facts,
  };
}

export function dutiesCard({ health, partitions, arePartitionsClosed, failure }: HealthReading): Card {
  const title = "Duties of partitions";
  if (arePartitionsClosed) return notForThisToken(title, "Partitions are");
  if (failure !== null || health === null || partitions === null) return noData(title);
  const own = partitions.filter(({ owned }) => owned);
  const value = `${count(own.length)} of ${count(partitions.length)} owned here`;
  const facts: Card["facts"] = [
    [
      "Records not settled yet",
      own.length === 0 ? "–" : count(own.reduce((sum, one) => sum + unsettled(one), 0)),
    ],
    ["Catching up with old data", count(own.filter(({ catchingUp }) => catchingUp).length)],
    ["Paused", count(own.filter(({ paused }) => paused !== null).length)],
  ];
  const chart: Chart = { series: "unsettled", label: "Records not settled", words: count };
  return { ...dutiesState(title, value, own, health.reasons), facts, chart };
}

function dutiesState(
  title: string,
  value: string,
  own: readonly PartitionDuties[],
  reasons: readonly HealthReason[],
): Card {
  const failing = reasons.find(({ check }) => check === "duties" || check === "heads");
  if (failing) return troubledBy(title, "Standing still", value, failing, failing.check);
  const paused = own.filter(({ paused }) => paused !== null);
  if (paused[0]) {
    const remedy = `Mend the cause, then let the record pass: \`dashstream partitions resume ${paused[0].partition}\`.`;
    return { ...quiet(title, "Paused", value, pausesOf(paused)), tone: "waiting", remedy };
  }
  if (own.length === 0) {
    return quiet(
      title,
      "Elsewhere",
      value,
      "Other gateways own all partitions; this one delivers them all the same.",
    );
  }
  if (own.some(({ catchingUp }) => catchingUp)) {
    const cause = "Data from before this group's first session is being passed; its failures count as old.";
    return { ...quiet(title, "Catching up", value, cause), tone: "running" };
  }
  const cause = "New records are checked, and committed when all that they need is done.";
  return { ...quiet(title, "Healthy", value, cause), tone: "ok" };
}

function pausesOf(paused: readonly PartitionDuties[]): string {
  const shown = paused
    .slice(0, SHOWN_PAUSES)
    .map(
      (one) => `Partition ${one.partition} stopped at offset ${one.paused?.offset}: ${one.paused?.reason}.`,
    );
  const more = paused.length - shown.length;
  return [...shown, ...(more > 0 ? [`And ${count(more)} more.`] : [])].join(" ");
}

const troubledBy = (
  title: string,
  level: string,
  value: string,
  reason: HealthReason | undefined,
  check: string,
): Card => troubled(title, level, value, reason ? sentence(reason.message) : UNKNOWN, reasonRemedy(check));
