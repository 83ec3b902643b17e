"""Whether the commits kept beside a log can be commits of that log. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from dashstream.engine.commits import Commit
from dashstream.engine.finding import Finding, ok, problem
from dashstream.engine.ports import Watermark

NAME = "commits"
BEGIN_ANEW = "Stop the gateway and delete commits.db*; its duties then begin anew at the end of the log"


def judge_commits(commits: Mapping[int, Commit], epoch: str, marks: Mapping[int, Watermark]) -> Finding:
    """Compare commits with the ends of their partitions. Those of another log are never used, and so no fault."""
    own = {partition: commit for partition, commit in commits.items() if commit.epoch == epoch}
    ahead = sum(
        max(0, commit.position - marks[partition].high) for partition, commit in own.items() if partition in marks
    )
    behind = sum(
        max(0, marks[partition].high - max(commit.position, marks[partition].low))
        for partition, commit in own.items()
        if partition in marks
    )
    counts = {"partitions": len(own), "behind": behind, "ahead": ahead, "other_logs": len(commits) - len(own)}
    if ahead:
        return problem(NAME, f"commits are {ahead} records beyond the end of the log", BEGIN_ANEW, **counts)
    lag = f"{behind} records are still to be settled" if behind else "all is settled"
    return ok(NAME, f"{len(own)} partitions committed, {lag}", **counts)
