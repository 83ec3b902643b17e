/** What a card of health is, and the states that every card has. */

import { count } from "../../model/display";
import type { HealthSeries } from "../../stores/health-trend";
import type { Tone } from "../../widgets/chip";

export interface Card {
  readonly title: string;
  readonly level: string;
  readonly tone: Tone;
  readonly value: string;
  readonly cause: string;
  readonly remedy: string;
  readonly facts: readonly (readonly [label: string, value: string])[];
  /** The screen that shows more. */
  readonly link?: ScreenLink;
  /** What its chart shows. */
  readonly chart?: Chart;
}

export interface ScreenLink {
  readonly href: string;
  readonly label: string;
}

export interface Chart {
  readonly series: HealthSeries;
  readonly label: string;
  /** A figure of the series, with its unit. */
  readonly words: (value: number) => string;
}

export const NOTHING = "Nothing to do.";
export const UNKNOWN = "The gateway has not said.";

/** A figure, or a dash while it is not known. */
export const known = (value: number | null): string => (value === null ? "–" : count(value));

export const quiet = (title: string, level: string, value: string, cause: string): Card => ({
  title,
  level,
  tone: "neutral",
  value,
  cause,
  remedy: NOTHING,
  facts: [],
});

export const noData = (title: string): Card => ({
  ...quiet(title, "No data", "–", UNKNOWN),
  remedy: "The page asks again by itself.",
});

/** `whatIs`: what is of all tenants, with its verb. */
export const notForThisToken = (title: string, whatIs: string): Card => ({
  ...quiet(title, "Not for this token", "–", `${whatIs} of all tenants, and this token is for some.`),
  remedy: "Whoever has a token for all tenants sees them. What is said of your runs is not affected.",
});

export const troubled = (
  title: string,
  level: string,
  value: string,
  cause: string,
  remedy: string,
): Card => ({ ...quiet(title, level, value, cause), tone: "waiting", remedy });
