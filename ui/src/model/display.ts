/** Values as text for reading: counts, durations, instants, sizes. Pure; times are microseconds since the epoch. */

const COUNT = new Intl.NumberFormat("en-US");
const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const DATE = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const FULL = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
  hourCycle: "h23",
});

const US_PER_MS = 1000;
const US_PER_S = 1_000_000;

export const count = (value: number): string => COUNT.format(value);

/** 12345 as "12.3K", for places where the exact count has no room. */
export const compactCount = (value: number): string => COMPACT.format(value);

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${COUNT.format(value)} ${value === 1 ? one : many}`;
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The text with a capital letter at its begin and a full stop at its end. */
export const sentence = (text: string): string => `${capital(text)}${/[.!?]$/.test(text) ? "" : "."}`;

export function duration(us: number | null): string {
  if (us === null) return "–";
  if (us < 0.5) return "0 s";
  if (us < US_PER_MS) return `${Math.round(us)} µs`;
  if (us < US_PER_S) return `${trim(us / US_PER_MS)} ms`;
  const seconds = us / US_PER_S;
  if (seconds < 60) return `${trim(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function trim(value: number): string {
  return value < 10
    ? value.toFixed(2).replace(/0+$/, "").replace(/\.$/, "")
    : value < 100
      ? value.toFixed(1).replace(/\.0$/, "")
      : String(Math.round(value));
}

/** The clock time of today; with the date before it when it was another day. */
export function instant(us: number | null, nowMs: number): string {
  if (us === null) return "–";
  const at = new Date(us / US_PER_MS);
  const sameDay = at.toDateString() === new Date(nowMs).toDateString();
  return sameDay ? CLOCK.format(at) : `${DATE.format(at)}, ${CLOCK.format(at)}`;
}

export const fullInstant = (us: number | null): string =>
  us === null ? "" : FULL.format(new Date(us / US_PER_MS));

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 1_000_000) return `${trim(size / 1000)} kB`;
  return `${trim(size / 1_000_000)} MB`;
}

/** A long identifier cut in the middle, as long as both ends still tell it apart. */
export function shortId(id: string, length = 10): string {
  return id.length <= length + 1 ? id : `${id.slice(0, length - 4)}…${id.slice(-4)}`;
}
