/** What every pane of the run page is given: the engine to ask, the moment to ask about, and how to move it. */

import type { EngineApi, Moment, RunFrame } from "../../stores/engine";

export interface PaneProps {
  readonly engine: EngineApi;
  /** The newest frame; `frame.revision` says when answers may have changed. */
  readonly frame: RunFrame;
  /** The playhead: what every pane shows. */
  readonly moment: Moment;
  /** Move the playhead. */
  readonly onMoment: (moment: Moment) => void;
}

/** A moment as text: the same text for the same moment, for keys and links. */
export function momentKey(moment: Moment): string {
  switch (moment.kind) {
    case "live":
      return "live";
    case "step":
      return `step ${moment.step}`;
    case "sequence":
      return `sequence ${moment.sequence}`;
  }
}
