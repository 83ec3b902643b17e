/** The icon set: 16 px grid, 1.5 px strokes, colour from the text around it. */
const PATHS = {
  play: "M5 3.2v9.6l7.5-4.8z",
  pause: "M5 3.5v9M11 3.5v9",
  "step-prev": "M10.5 3.5 6 8l4.5 4.5",
  "step-next": "M5.5 3.5 10 8l-4.5 4.5",
  "marker-prev": "M11.5 3.5 7 8l4.5 4.5M4 3.5v9",
  "marker-next": "M4.5 3.5 9 8l-4.5 4.5M12 3.5v9",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.3 10.3l3.4 3.4",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "m3 8.5 3.2 3.2L13 4.8",
  link: "M6.5 9.5 9.5 6.5M7.5 4.5 9 3a2.8 2.8 0 0 1 4 4l-1.5 1.5M8.5 11.5 7 13a2.8 2.8 0 0 1-4-4l1.5-1.5",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  moon: "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z",
  monitor: "M2 3h12v8H2zM6 13.5h4M8 11v2.5",
  help: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2M8 11.3v.1",
  close: "m4 4 8 8M12 4l-8 8",
  "chevron-right": "m6 3.5 4.5 4.5L6 12.5",
  "chevron-down": "M3.5 6 8 10.5 12.5 6",
  "arrow-left": "M13 8H3.5M7.5 3.5 3 8l4.5 4.5",
  "arrow-right": "M3 8h9.5M8.5 3.5 13 8l-4.5 4.5",
  alert: "M8 2.2 14.5 13.5h-13zM8 6.5v3.2M8 11.6v.1",
  info: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM8 7.2v4M8 4.9V5",
  shield: "M8 1.8 13 3.6v4c0 3.1-2 5.3-5 6.6-3-1.3-5-3.5-5-6.6v-4z",
  "shield-check": "M8 1.8 13 3.6v4c0 3.1-2 5.3-5 6.6-3-1.3-5-3.5-5-6.6v-4zM5.7 8l1.7 1.7 3-3.2",
  "shield-alert": "M8 1.8 13 3.6v4c0 3.1-2 5.3-5 6.6-3-1.3-5-3.5-5-6.6v-4zM8 5v3.4M8 10.6v.1",
  hand: "M5 8.5V4a1 1 0 0 1 2 0v3-4.2a1 1 0 0 1 2 0V7 3.6a1 1 0 0 1 2 0V8 5.6a1 1 0 0 1 2 0v4c0 2.8-1.8 4.6-4.2 4.6-2 0-3-.9-4-2.6L3 8.9c-.5-1 .8-1.8 1.5-1z",
  spark: "M8 1.8 9.6 6.4 14.2 8 9.6 9.6 8 14.2 6.4 9.6 1.8 8l4.6-1.6z",
  wrench:
    "M10 2.3a3.4 3.4 0 0 0-3.2 4.6L2.3 11.4a1.6 1.6 0 0 0 2.3 2.3l4.5-4.5A3.4 3.4 0 0 0 13.5 5L11.4 7 9 4.6l2-2.1a3.4 3.4 0 0 0-1-.2Z",
  tree: "M2.5 3h4M6 8h7.5M6 13h7.5M4 3v10h2M4 8h2",
  graph: "M2.5 6h4v4h-4zM10 2.5h3.5V6H10zM10 10h3.5v3.5H10zM6.5 8H8V4.3h2M8 8v3.8h2",
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.1M2.5 8h.1M2.5 12h.1",
  lanes: "M2 4h6M5 8h6M9 12h5",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  upload: "M8 10.5V3M4.8 6 8 2.8 11.2 6M2.5 13.5h11",
  loop: "M12.8 6.2A5.2 5.2 0 0 0 3.4 5.4M3.2 9.8a5.2 5.2 0 0 0 9.4.8M3 2.6v3h3M13 13.4v-3h-3",
  clock: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM8 4.5V8l2.4 1.8",
  terminal: "M2 3h12v10H2zM4.5 6l2 2-2 2M8.5 10h3",
  plug: "M6 2v3.5M10 2v3.5M4 5.5h8v2a4 4 0 0 1-8 0zM8 11.5V14",
  file: "M4 1.8h5l3.2 3.2v9.2H4zM9 1.8V5h3.2",
  diff: "M8 2.5v6M5 5.5h6M5 12.5h6",
  eye: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8ZM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6Z",
  lock: "M4 7h8v6.5H4zM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
} as const;

const FILLED = new Set<IconName>(["play"]);

export type IconName = keyof typeof PATHS;

export const ICON_NAMES = Object.keys(PATHS) as IconName[];

/** An icon for a canvas: an SVG path on the grid, and whether it is filled rather than drawn. */
export const iconShape = (name: IconName) => ({ path: PATHS[name], filled: FILLED.has(name) });

export interface IconProps {
  name: IconName;
  size?: number;
}

export function Icon({ name, size = 14 }: IconProps) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill={FILLED.has(name) ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth={1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
