/**
 * Layered layouts by elk in a worker of its own, with a deadline.
 *
 * A graph of moderate size is laid out in several ways, from a column to lines of text, because no single one can
 * be read in panes of every shape. The worker starts when the first graph asks for it, or once the page has had time to
 * show what its address names: its start takes as much computing as the page's own. One that misses the deadline is
 * ended, for it cannot be told to stop, and the next graph gets a fresh one.
 */

import ELK, { type ELK as Elk } from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import type { GraphLayout, Layouter, LayoutInput } from "../stores/layout";
import { elkGraph, layoutOf, stylesFor } from "./elk-graph";

const DEADLINE_MS = 6000;
/** After this a page that shows no graph yet makes ready for one. */
const WARM_UP_AFTER_MS = 1000;
const FIRST: LayoutInput = {
  nodes: [null, null, "a", "a"].map((parent, index) => ({
    id: "abcd".charAt(index),
    parent,
    width: 100,
    height: 50,
    place: null,
  })),
  edges: [
    { id: "ab", source: "a", target: "b", labelWidth: 30 },
    { id: "cd", source: "c", target: "d", labelWidth: 0 },
  ],
};

/** A layouter over elk. */
export function createElkLayouter(deadlineMs = DEADLINE_MS): Layouter {
  let elk: Elk | null = null;
  const warmUp = setTimeout(() => {
    elk = startElk();
    practise(elk);
  }, WARM_UP_AFTER_MS);
  return {
    async layout(input) {
      clearTimeout(warmUp);
      elk ??= startElk();
      const current = elk;
      const choices: GraphLayout[] = [];
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no layout within ${deadlineMs} ms`)), deadlineMs);
      });
      try {
        await Promise.race([collect(current, input, choices), late]);
      } catch (error) {
        current.terminateWorker();
        if (elk === current) elk = null;
        if (choices.length === 0) throw error;
      } finally {
        clearTimeout(timer);
      }
      const [first, ...others] = choices;
      if (!first) throw new Error("no layout style for this graph");
      return [first, ...others];
    },
  };
}

function startElk(): Elk {
  return new ELK({ workerFactory: () => new Worker(workerUrl) });
}

/** Lay out a small graph for nothing: the first one takes several times as long as the next. */
function practise(elk: Elk): void {
  for (const style of stylesFor(FIRST)) elk.layout(elkGraph(FIRST, style)).catch(() => {});
}

async function collect(elk: Elk, input: LayoutInput, choices: GraphLayout[]): Promise<void> {
  for (const style of stylesFor(input)) choices.push(layoutOf(await elk.layout(elkGraph(input, style))));
}
