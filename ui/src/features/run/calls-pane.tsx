import type { ReactNode } from "react";
import { capital } from "../../model/display";
import type { IconName } from "../../widgets/icon";
import { CallBrowser } from "./call-browser";
import { NoCalls } from "./no-calls";
import { momentKey, type PaneProps } from "./pane";
import { PaneAnswer } from "./pane-states";
import { PartNote } from "./part-note";
import { useAnswer } from "./use-answer";

interface CallsPaneProps<T> extends PaneProps {
  /** Class of the pane, and its test id. */
  name: string;
  /** What the calls are, as in "LLM call". */
  noun: string;
  icon: IconName;
  /** How many the whole run has made so far. */
  inRun: number;
  /** The calls up to the playhead. */
  ask: () => Promise<readonly T[]>;
  header: ReactNode;
  row: (call: T) => ReactNode;
  detail: (call: T) => ReactNode;
}

/** A pane of calls of one kind up to the playhead: what is missing of them, the list, and the chosen one. */
export function CallsPane<T extends { readonly id: string }>(props: CallsPaneProps<T>) {
  const { frame, moment, onMoment, name, noun, icon, inRun, ask, header, row, detail } = props;
  const answer = useAnswer(`${frame.openId} ${frame.revision} ${momentKey(moment)}`, ask);
  return (
    <section className={`pane ${name}`} aria-label={capital(`${noun}s`)} data-testid={name}>
      <PartNote frame={frame} noun={noun} />
      <PaneAnswer answer={answer} subject={`the ${noun}s`} icon={icon}>
        {(calls) =>
          calls.length === 0 ? (
            <NoCalls frame={frame} noun={noun} icon={icon} inRun={inRun} onMoment={onMoment} />
          ) : (
            <CallBrowser noun={noun} calls={calls} header={header} row={row} detail={detail} />
          )
        }
      </PaneAnswer>
    </section>
  );
}
