/** Draws the track of the playhead: its line, what has been played, and the markers of what happened. */

import type { Marker, MarkerKind } from "../../../stores/engine";
import type { ColorName } from "../palette";
import type { Surface } from "./use-canvas";

type Shape = "triangle" | "disc" | "diamond" | "tick" | "square";

interface Look {
  readonly shape: Shape;
  readonly color: ColorName;
  /** What is drawn later lies above. */
  readonly rank: number;
  readonly label: string;
}

export const MARKER_LOOKS: Record<MarkerKind, Look> = {
  checkpoint: { shape: "tick", color: "border-strong", rank: 0, label: "Checkpoint" },
  schema: { shape: "square", color: "accent", rank: 1, label: "Graph structure" },
  resume: { shape: "disc", color: "ok", rank: 2, label: "Resume" },
  warning: { shape: "triangle", color: "waiting", rank: 3, label: "Warning" },
  interrupt: { shape: "disc", color: "waiting", rank: 4, label: "Interrupt" },
  loss: { shape: "diamond", color: "loss", rank: 5, label: "Dropped by the producer" },
  gap: { shape: "diamond", color: "loss", rank: 6, label: "Gap" },
  undecodable: { shape: "square", color: "loss", rank: 7, label: "Not decodable" },
  error: { shape: "triangle", color: "error", rank: 8, label: "Error" },
  mismatch: { shape: "square", color: "error", rank: 9, label: "Mismatch" },
};

const SIZE = 4;

export interface PlacedMarker {
  readonly marker: Marker;
  readonly px: number;
}

export function paintMarkers(
  { context, width, height, palette }: Surface,
  markers: readonly PlacedMarker[],
): void {
  const middle = Math.round(height / 2);
  context.fillStyle = palette["surface-3"];
  context.beginPath();
  context.roundRect(0, middle - 2, width, 4, 2);
  context.fill();
  const painted = new Set<string>();
  for (const { marker, px } of [...markers].sort(byRank)) {
    const place = `${marker.kind} ${Math.round(px)}`;
    if (px < -SIZE || px > width + SIZE || painted.has(place)) continue;
    painted.add(place);
    const { shape, color } = MARKER_LOOKS[marker.kind];
    context.fillStyle = palette[color];
    paintShape(context, shape, px, middle);
  }
}

const byRank = (a: PlacedMarker, b: PlacedMarker): number =>
  MARKER_LOOKS[a.marker.kind].rank - MARKER_LOOKS[b.marker.kind].rank;

function paintShape(context: CanvasRenderingContext2D, shape: Shape, x: number, y: number): void {
  context.beginPath();
  switch (shape) {
    case "tick":
      context.rect(x - 0.5, y - SIZE - 1, 1, 2 * SIZE + 2);
      break;
    case "square":
      context.rect(x - SIZE + 0.5, y - SIZE + 0.5, 2 * SIZE - 1, 2 * SIZE - 1);
      break;
    case "disc":
      context.arc(x, y, SIZE, 0, 2 * Math.PI);
      break;
    case "triangle":
      context.moveTo(x, y - SIZE - 1);
      context.lineTo(x + SIZE + 1, y + SIZE);
      context.lineTo(x - SIZE - 1, y + SIZE);
      break;
    case "diamond":
      context.moveTo(x, y - SIZE - 1);
      context.lineTo(x + SIZE + 1, y);
      context.lineTo(x, y + SIZE + 1);
      context.lineTo(x - SIZE - 1, y);
      break;
  }
  context.fill();
}
