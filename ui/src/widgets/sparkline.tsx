/** A small chart of a recent window: what was known is a line, what was not is a hole. Its figures are there as text too. */

import "./sparkline.css";

const WIDTH = 300;
const HEIGHT = 32;
const ROOM = 2;

interface SparklineProps {
  label: string;
  /** At least one of them with a value. */
  points: readonly { readonly atMs: number; readonly value: number | null }[];
  /** Length of the window, which ends at the newest point. */
  windowMs: number;
  /** Points further apart have a hole between them. */
  holeMs: number;
  words: (value: number) => string;
}

export function Sparkline({ label, points, windowMs, holeMs, words }: SparklineProps) {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const highest = Math.max(...values);
  const minutes = Math.round(windowMs / 60_000);
  return (
    <figure className="sparkline">
      <svg
        className="sparkline__chart"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <line className="sparkline__base" x1="0" x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} />
        <path className="sparkline__line" d={sparkPath(points, windowMs, holeMs, highest)} />
      </svg>
      <figcaption className="sparkline__caption">
        <span>{label}</span>
        <span>
          {minutes} min, highest {words(highest)}
        </span>
      </figcaption>
    </figure>
  );
}

/** The line of a window that ends at the newest point; from zero up to the highest value. */
export function sparkPath(
  points: SparklineProps["points"],
  windowMs: number,
  holeMs: number,
  highest: number,
): string {
  const endMs = points.at(-1)?.atMs ?? 0;
  let beforeMs = Number.NEGATIVE_INFINITY;
  const parts: string[] = [];
  for (const { atMs, value } of points) {
    if (value === null || atMs < endMs - windowMs) {
      beforeMs = Number.NEGATIVE_INFINITY;
      continue;
    }
    const x = WIDTH - ((endMs - atMs) / windowMs) * WIDTH;
    const y = HEIGHT - ROOM - (highest > 0 ? value / highest : 0) * (HEIGHT - 2 * ROOM);
    const at = `${round(x)} ${round(y)}`;
    // A point by itself is a dot: a line of no length with round ends.
    parts.push(atMs - beforeMs > holeMs ? `M${at}L${at}` : `L${at}`);
    beforeMs = atMs;
  }
  return parts.join("");
}

const round = (value: number): number => Math.round(value * 10) / 10;
