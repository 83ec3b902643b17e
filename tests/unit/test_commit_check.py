"""What the commits beside a log are told to be, against the ends of its partitions."""

from __future__ import annotations

from dashstream.engine.commit_check import judge_commits
from dashstream.engine.commits import Commit
from dashstream.engine.finding import FindingLevel
from dashstream.engine.ports import Watermark

MARKS = {0: Watermark(10, 30), 1: Watermark(0, 5)}


def commit(position: int, epoch: str = "now") -> Commit:
    return Commit(position, 0, epoch)


def test_only_what_is_still_there_is_still_to_be_settled() -> None:
    found = judge_commits({0: commit(4), 1: commit(5)}, "now", MARKS)
    assert found.level is FindingLevel.OK
    assert (found.counts["behind"], found.counts["ahead"]) == (20, 0)


def test_a_commit_beyond_the_end_is_a_fault_by_one_record_already() -> None:
    found = judge_commits({0: commit(30), 1: commit(6)}, "now", MARKS)
    assert found.level is FindingLevel.PROBLEM
    assert (found.counts["behind"], found.counts["ahead"]) == (0, 1)


def test_commits_of_another_log_and_of_partitions_that_are_not_there_are_no_fault() -> None:
    found = judge_commits({0: commit(99, "before"), 1: commit(5), 7: commit(99)}, "now", MARKS)
    assert found.level is FindingLevel.OK
    assert (found.counts["partitions"], found.counts["other_logs"]) == (2, 1)
