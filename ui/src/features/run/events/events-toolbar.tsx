import { useMemo } from "react";
import type { EventFilter } from "../../../stores/address";
import { Button } from "../../../widgets/button";
import { SearchField, Select } from "../../../widgets/field";
import type { PaneProps } from "../pane";
import { useAnswer } from "../use-answer";
import { KIND_OPTIONS } from "./event-kinds";

interface EventsToolbarProps extends Pick<PaneProps, "engine" | "frame"> {
  filter: EventFilter;
  onFilter: (filter: EventFilter) => void;
  following: boolean;
  onFollow: (following: boolean) => void;
  /** What the list holds, in words. */
  figure: string;
}

export function EventsToolbar(props: EventsToolbarProps) {
  const { engine, frame, filter, onFilter, following, onFollow, figure } = props;
  // Nodes join a run rarely, and always within a step; the options need not follow every frame.
  const graph = useAnswer(`${frame.openId} ${frame.steps}`, () => engine.graphAt({ kind: "live" }));
  const nodes = useMemo(() => {
    const ran = (graph.value?.nodes ?? []).filter(({ observed }) => observed);
    return [["", "All nodes"] as const, ...ran.map(({ id, name }) => [id, name] as const)];
  }, [graph.value]);
  return (
    <div className="pane__toolbar" role="toolbar" aria-label="Events">
      <SearchField
        label="Search events"
        shortcut="/"
        value={filter.text}
        onValue={(text) => onFilter({ ...filter, text })}
        data-testid="event-search"
      />
      <Select
        label="Kind"
        value={filter.kinds[0] ?? ""}
        onValue={(kind) => onFilter({ ...filter, kinds: kind === "" ? [] : [kind] })}
        options={KIND_OPTIONS}
      />
      <Select
        label="Node"
        value={filter.node ?? ""}
        onValue={(node) => onFilter({ ...filter, node: node === "" ? null : node })}
        options={nodes}
      />
      <span className="pane__spring" />
      <span className="pane__figure" role="status" title="Up to the playhead, of all">
        {figure}
      </span>
      <Button pressed={following} onClick={() => onFollow(!following)} data-testid="follow-end">
        Follow
      </Button>
    </div>
  );
}
