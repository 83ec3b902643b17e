"""What is told in numbers about the duties: disjoint outcomes, failures by age and kind, and where partitions are."""

from __future__ import annotations

from collections import Counter as Tally

from dashstream.engine.classify import UNREADABLE_REASONS
from dashstream.engine.duty_walk import DutyWalk
from dashstream.engine.outcomes import Age, Judgement, Outcome
from dashstream.engine.ports import Metrics, Numbers

OUTCOMES = tuple(outcome.value for outcome in Outcome)
AGES = tuple(age.value for age in Age)
PARTITIONS = Numbers(4096)
"""Values of the label ``partition``; of partitions beyond, only the API tells."""


class DutyMetrics:
    """Counts of the duties for whoever asks in the process; ``publish`` shows them as metrics, once per page."""

    def __init__(self, metrics: Metrics) -> None:
        self.outcomes = dict.fromkeys(OUTCOMES, 0)
        self.failures: Tally[tuple[str, str]] = Tally()
        self.new_records = 0
        self.new_failures = 0
        self.old_by_time = 0
        self._told: Tally[tuple[str, ...]] = Tally()
        self._outcomes = metrics.counter(
            "dashstream_duties_records_total",
            "Records passed by the owner of their partition, by outcome; the outcomes are disjoint and their sum is "
            "all that was received",
            {"outcome": OUTCOMES},
        )
        self._failures = metrics.counter(
            "dashstream_duties_failures_total",
            "The records among them that cannot be processed; old: there before the session began",
            {"age": AGES, "kind": UNREADABLE_REASONS},
        )
        labels = {"partition": PARTITIONS}
        self._owned = metrics.gauge("dashstream_duties_partitions_owned", "Partitions that this gateway owns")
        self._paused = metrics.gauge("dashstream_duties_partitions_paused", "Owned partitions that are paused")
        self._catching_up = metrics.gauge(
            "dashstream_partition_catching_up",
            "1 while old data of an owned partition is still to come, then 0",
            labels,
        )
        self._head = metrics.gauge("dashstream_partition_head", "Offset from which an owned partition is new", labels)
        self._position = metrics.gauge(
            "dashstream_partition_position", "Next offset that the owner of a partition examines", labels
        )
        self._settled = metrics.gauge(
            "dashstream_partition_settled", "Next offset after all that is settled on an owned partition", labels
        )
        self._old_by_time = metrics.counter(
            "dashstream_duties_old_by_time_total",
            "New records whose own time stamp is more than an hour old: backfilled, delayed, or from a wrong clock; "
            "they are new all the same",
        )
        self.commits_failed = metrics.counter(
            "dashstream_duties_commits_failed_total", "Commits of positions that could not be kept"
        )
        self.skipped = metrics.counter(
            "dashstream_duties_offsets_lost_total", "Offsets that retention removed before their owner came to them"
        )

    def count_readable(self, *, old: int, new: int) -> None:
        """Count passed records that could be read."""
        self.outcomes[Outcome.OK] += old + new
        self.new_records += new

    def count(self, judgement: Judgement, reason: str) -> None:
        """Count one passed record that could not be read."""
        is_new = judgement.age is Age.NEW
        self.outcomes[judgement.outcome] += 1
        self.new_records += is_new
        self.new_failures += is_new
        self.failures[judgement.age, reason] += 1

    def publish(self) -> None:
        """Let the metrics say what was counted since."""
        for outcome, total in self.outcomes.items():
            self._outcomes.inc(self._fresh(total, outcome), outcome=outcome)
        for (age, kind), total in self.failures.items():
            self._failures.inc(self._fresh(total, age, kind), age=age, kind=kind)
        self._old_by_time.inc(self._fresh(self.old_by_time, "old_by_time"))

    def _fresh(self, total: int, *name: str) -> int:
        fresh = total - self._told[name]
        self._told[name] = total
        return fresh

    def show(self, walk: DutyWalk) -> None:
        """Show where a partition is."""
        if (label := str(walk.partition)) in PARTITIONS:
            self._catching_up.set(walk.is_catching_up, partition=label)
            self._head.set(walk.head, partition=label)
            self._position.set(walk.position, partition=label)
            self._settled.set(walk.settled, partition=label)

    def hide(self, partition: int) -> None:
        """A partition is not owned any more: say nothing about it."""
        if (label := str(partition)) in PARTITIONS:
            for gauge in (self._catching_up, self._head, self._position, self._settled):
                gauge.clear(partition=label)

    def show_totals(self, *, owned: int, paused: int) -> None:
        """Show how many partitions are owned and paused."""
        self._owned.set(owned)
        self._paused.set(paused)
