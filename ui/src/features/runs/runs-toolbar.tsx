import { RUN_STATUSES, type RunFilters } from "../../stores/address";
import type { RunListing } from "../../stores/gateway-api";
import { SearchField, Select } from "../../widgets/field";
import { runStatusLabel } from "../../widgets/run-status";

interface RunsToolbarProps {
  filters: RunFilters;
  runs: readonly RunListing[];
  onFilters: (filters: RunFilters) => void;
}

export function RunsToolbar({ filters, runs, onFilters }: RunsToolbarProps) {
  const graphs = [...new Set([...runs.map((run) => run.graphName), filters.graph])].filter(Boolean).sort();
  return (
    <search className="runs__toolbar">
      <SearchField
        label="Search runs"
        value={filters.text}
        onValue={(text) => onFilters({ ...filters, text })}
        shortcut="/"
        data-testid="runs-search"
      />
      <Select
        label="Status"
        value={filters.status ?? ""}
        onValue={(value) =>
          onFilters({ ...filters, status: RUN_STATUSES.find((candidate) => candidate === value) ?? null })
        }
        options={[
          ["", "All statuses"],
          ...RUN_STATUSES.map((status) => [status, runStatusLabel(status)] as const),
        ]}
      />
      <Select
        label="Graph"
        value={filters.graph}
        onValue={(graph) => onFilters({ ...filters, graph })}
        options={[["", "All graphs"], ...graphs.map((graph) => [graph, graph] as const)]}
      />
    </search>
  );
}
