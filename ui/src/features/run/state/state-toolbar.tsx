import type { RunFrame, StateRows } from "../../../stores/engine";
import { Button } from "../../../widgets/button";
import { CopyButton } from "../../../widgets/copy-button";
import { SearchField, Select } from "../../../widgets/field";
import { HashBadge } from "./hash-badge";
import type { Compare } from "./use-state-rows";

interface StateToolbarProps {
  frame: RunFrame;
  rows: StateRows | null;
  search: string;
  onSearch: (text: string) => void;
  onlyChanges: boolean;
  onOnlyChanges: (only: boolean) => void;
  compare: Compare;
  onCompare: (compare: Compare) => void;
  ns: string;
  onNs: (ns: string) => void;
  wholeState: () => Promise<string>;
}

export function StateToolbar(props: StateToolbarProps) {
  const { frame, rows, search, onSearch, onlyChanges, onOnlyChanges } = props;
  const namespaces = frame.run?.namespaces ?? [];
  const hasNamespaces = namespaces.length > 1;
  return (
    <div className="pane__toolbar" role="toolbar" aria-label="State">
      <SearchField
        label="Search the state"
        // The picker of namespaces takes the room that the longer words would need.
        {...(hasNamespaces && { placeholder: "Search" })}
        shortcut="/"
        value={search}
        onValue={onSearch}
        data-testid="state-search"
      />
      <Button
        icon="diff"
        pressed={onlyChanges}
        onClick={() => onOnlyChanges(!onlyChanges)}
        data-testid="only-changes"
      >
        Changes
      </Button>
      <ComparePicker {...props} />
      {hasNamespaces && (
        <Select
          label="Namespace"
          value={props.ns}
          onValue={props.onNs}
          options={namespaces.map((name) => [name, name === "" ? "root" : name] as const)}
        />
      )}
      <span className="pane__spring" />
      {rows && <HashBadge rows={rows} />}
      <CopyButton label="Copy the whole state" text={props.wholeState} data-testid="copy-state" />
    </div>
  );
}

type ComparePickerProps = Pick<StateToolbarProps, "frame" | "compare" | "onCompare">;

/** What the state is compared with: the step before, or any step by its number. */
function ComparePicker({ frame, compare, onCompare }: ComparePickerProps) {
  const first = frame.horizon?.step ?? 0;
  const last = Math.max(first, frame.steps - 1);
  return (
    <>
      <Select
        label="Compare with"
        value={compare === "previous" ? "previous" : "step"}
        onValue={(value) => onCompare(value === "previous" ? "previous" : { kind: "step", step: first })}
        options={[
          ["previous", "vs step before"],
          ["step", "vs step…"],
        ]}
      />
      {compare !== "previous" && compare.kind === "step" && (
        <span className="field state-step">
          <input
            className="field__input"
            type="number"
            aria-label="Step to compare with"
            min={first}
            max={last}
            value={Math.max(first, compare.step)}
            onChange={(event) => {
              const step = Math.min(last, Math.max(first, Math.trunc(event.target.valueAsNumber)));
              if (Number.isFinite(step)) onCompare({ kind: "step", step });
            }}
          />
        </span>
      )}
    </>
  );
}
