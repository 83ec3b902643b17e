/** Draws a pane over a fake engine as the run page would: frames flow in, and the pane moves the playhead. */

import { cleanup, render } from "@testing-library/react";
import { type ComponentType, useEffect, useState } from "react";
import { onTestFinished, vi } from "vitest";
import type { EngineApi, Moment } from "../../stores/engine";
import { createFakeEngine, type FakeEngine } from "../../testing/fake-engine";
import { TooltipProvider } from "../../widgets/tooltip";
import type { PaneProps } from "./pane";

interface RenderPaneOptions {
  readonly engine?: FakeEngine;
  /** Answers that differ from the fake engine's. */
  readonly answers?: Partial<EngineApi>;
  readonly moment?: Moment;
}

interface RenderedPane {
  readonly engine: FakeEngine;
  /** The playhead. */
  readonly moment: () => Moment;
  readonly move: (moment: Moment) => void;
}

const ROOM = { width: 800, height: 600 };

export function renderPane(Pane: ComponentType<PaneProps>, options: RenderPaneOptions = {}): RenderedPane {
  const fake = options.engine ?? createFakeEngine();
  const engine: EngineApi = { ...fake, ...options.answers };
  giveRoom();
  let shown: Moment = options.moment ?? { kind: "live" };
  let move: (moment: Moment) => void = () => undefined;

  function Page() {
    const [frame, setFrame] = useState(fake.frame());
    const [moment, setMoment] = useState(shown);
    shown = moment;
    move = setMoment;
    useEffect(() => fake.onFrame(setFrame), []);
    return (
      <TooltipProvider>
        <Pane engine={engine} frame={frame} moment={moment} onMoment={setMoment} />
      </TooltipProvider>
    );
  }

  render(<Page />);
  onTestFinished(cleanup);
  return { engine: fake, moment: () => shown, move: (moment) => move(moment) };
}

/** The test's document has no layout: every element gets the size of a pane, so that lists have rows in sight. */
function giveRoom(): void {
  const spies = [
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(ROOM.width),
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(ROOM.height),
    vi.spyOn(HTMLElement.prototype, "offsetWidth", "get").mockReturnValue(ROOM.width),
    vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(ROOM.height),
  ];
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });
}
