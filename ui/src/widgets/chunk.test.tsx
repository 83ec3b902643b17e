import { render, screen } from "@testing-library/react";
import { type ComponentType, Suspense } from "react";
import { expect, test, vi } from "vitest";
import { chunk } from "./chunk";

const Hello = ({ name }: { name: string }) => <p>Hello {name}</p>;

const shown = (Component: ComponentType<{ name: string }>) =>
  render(
    <Suspense fallback="loading">
      <Component name="you" />
    </Suspense>,
  );

test("one fetched ahead is shown without a fallback", async () => {
  const load = vi.fn(async () => Hello);
  const [Part, fetchAhead] = chunk(load);
  await fetchAhead();
  shown(Part);
  screen.getByText("Hello you");
  expect(load).toHaveBeenCalledTimes(1);
});

test("one that was not is fetched when it is shown", async () => {
  const [Part] = chunk(async () => Hello);
  shown(Part);
  screen.getByText("loading");
  await screen.findByText("Hello you");
});

test("a failure ahead of time is not the end: it is fetched again when it is shown", async () => {
  const load = vi.fn(async () => Hello).mockRejectedValueOnce(new Error("offline"));
  const [Part, fetchAhead] = chunk(load);
  await fetchAhead();
  shown(Part);
  await screen.findByText("Hello you");
});
