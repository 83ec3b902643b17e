import { expect, it } from "vitest";
import type { Marker } from "./frame";
import { MARKERS_PER_KIND, Markers } from "./markers";

const marker = (kind: Marker["kind"], step: number): Marker => ({
  kind,
  step,
  sequence: `${step}`,
  timestampUs: step,
  label: "",
});

it("keeps all in order while they are few", () => {
  const markers = new Markers();
  markers.add(1, marker("error", 1));
  markers.add(2, marker("gap", 2));
  markers.add(3, marker("error", 3));
  expect(markers.view.map(({ step }) => step)).toEqual([1, 2, 3]);
  expect(markers.view).toBe(markers.view);
});

it("thins a kind that has too many over the whole run, and leaves the others alone", () => {
  const markers = new Markers();
  markers.add(0, marker("error", 0));
  for (let step = 1; step <= 10_000; step += 1) markers.add(step, marker("checkpoint", step));
  const kept = markers.view.filter(({ kind }) => kind === "checkpoint").map(({ step }) => step as number);
  expect(kept.length).toBeLessThanOrEqual(MARKERS_PER_KIND);
  expect(kept.length).toBeGreaterThan(MARKERS_PER_KIND / 4);
  expect(kept[0]).toBe(1);
  expect(kept.at(-1)).toBeGreaterThan(9_000);
  expect(markers.view[0]?.kind).toBe("error");
});

it("lets go by record, and shows a kind again that was frequent only before the horizon", () => {
  const markers = new Markers();
  for (let row = 0; row < 10_000; row += 1) markers.add(row, marker("error", 0));
  for (let row = 10_000; row < 20_000; row += 1_000) markers.add(row, marker("error", 1));
  markers.letGoBefore(12_000);
  for (let row = 20_000; row < 30_000; row += 1_000) markers.add(row, marker("error", 2));
  expect(markers.view.map(({ step }) => step)).toEqual(Array.from({ length: 10 }, () => 2));
});
