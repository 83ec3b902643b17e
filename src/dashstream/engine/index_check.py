"""Whether the run index says what the log says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashstream.engine.examination import Examination
from dashstream.engine.finding import Finding, ok, problem
from dashstream.engine.runs import Run

NAME = "run_index"
REBUILD = "Stop the gateway and delete index.db*; the next start folds the log again"


@dataclass(frozen=True, slots=True)
class IndexSnapshot:
    """A run index at one moment: the log it belongs to, the next offset to fold by partition, its runs."""

    epoch: str
    positions: Mapping[int, int]
    runs: Mapping[str, tuple[Run, bytes]]
    """Each run with its encoding as of this version."""


def judge_index(snapshot: IndexSnapshot, epoch: str, examination: Examination) -> Finding:
    """Compare an index with the log's own fold at the same positions."""
    if snapshot.epoch != epoch:
        return problem(NAME, "the index belongs to another log", REBUILD)
    ahead = sum(
        max(0, snapshot.positions.get(partition, 0) - mark.high) for partition, mark in examination.marks.items()
    )
    if ahead:
        return problem(NAME, f"the index is {ahead} records ahead of the log", REBUILD, ahead=ahead)
    behind = sum(
        max(0, mark.high - max(mark.low, snapshot.positions.get(partition, 0)))
        for partition, mark in examination.marks.items()
    )
    wrong = sorted(_different(snapshot, examination))
    counts = {"runs": len(snapshot.runs), "behind": behind, "different": len(wrong)}
    if wrong:
        return problem(NAME, f"{len(wrong)} runs differ from the log (run {wrong[0]})", REBUILD, **counts)
    lag = f"{behind} records behind the log" if behind else "up to date"
    return ok(NAME, f"{len(snapshot.runs)} runs as the log has them, {lag}", **counts)


def _different(snapshot: IndexSnapshot, examination: Examination) -> set[str]:
    """Return the runs that are not the same. What retention has cut is not compared."""
    folded = examination.indexed_runs()
    wrong = {
        run_id
        for run_id, summary in folded.items()
        if not examination.is_cut(examination.runs[run_id])
        and (run_id not in snapshot.runs or snapshot.runs[run_id][1] != summary)
    }
    for run_id, (run, _) in snapshot.runs.items():
        if run_id not in folded and run.last_offset >= examination.marks[run.partition].low:
            wrong.add(run_id)
    return wrong
