"""Sequence validation per (thread, producer, producer epoch): in order, gap, duplicate or reordered.

A restarted producer counts from 1 again under a new epoch and is a new counter, not a duplicate. The number of
counters is bounded; the least recently used one is forgotten, and its next record starts a counter anew.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

MAX_COUNTERS = 100_000
REMEMBERED_HOLES = 1_000


class Counter(NamedTuple):
    """Whose sequence it is."""

    thread_id: str
    producer_id: str
    producer_epoch: int


class Order(StrEnum):
    IN_ORDER = "in_order"
    GAP = "gap"
    DUPLICATE = "duplicate"
    REORDERED = "reordered"
    UNSEQUENCED = "unsequenced"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one sequence means; ``missing`` is the number of sequences skipped just before it."""

    order: Order
    missing: int = 0


@dataclass(slots=True)
class Seen:
    """Where a counter is: its last sequence, and those before it that are missing."""

    last: int
    holes: set[int]


class SequenceTracker:
    """Judge sequences as they arrive; a record that fills an earlier hole is reordered, not a duplicate."""

    def __init__(self, max_counters: int = MAX_COUNTERS) -> None:
        self._max_counters = max_counters
        self._seen: OrderedDict[tuple[str, str, int], Seen] = OrderedDict()

    def knows(self, counter: Counter) -> bool:
        """Whether a counter was seen and is not forgotten."""
        return counter in self._seen

    @property
    def is_full(self) -> bool:
        """Whether another counter would make it forget one."""
        return len(self._seen) >= self._max_counters

    def seen(self, counter: Counter) -> Seen | None:
        """Return where a counter is: who raises ``last`` by one has taken the very next sequence."""
        return self._seen.get(counter)

    def follows(self, counter: tuple[str, str, int], sequence: int) -> bool:
        """Take a sequence that is the very next one of a known counter; return False, and do nothing, when it is not.

        Most are, and this says so at a fraction of what ``observe`` costs; a plain tuple serves as the counter.
        """
        seen = self._seen.get(counter)
        if seen is None or sequence != seen.last + 1:
            return False
        seen.last = sequence
        self._seen.move_to_end(counter)
        return True

    def observe(self, counter: Counter, sequence: int) -> Verdict:
        """Judge the next sequence of a counter; 0 is unsequenced."""
        if sequence == 0:
            return Verdict(Order.UNSEQUENCED)
        seen = self._seen.get(counter)
        if seen is None:
            self._remember(counter, Seen(sequence, set()))
            return Verdict(Order.GAP, sequence - 1) if sequence > 1 else Verdict(Order.IN_ORDER)
        self._seen.move_to_end(counter)
        return _judge(seen, sequence)

    def _remember(self, counter: Counter, seen: Seen) -> None:
        self._seen[counter] = seen
        if len(self._seen) > self._max_counters:
            self._seen.popitem(last=False)


def _judge(seen: Seen, sequence: int) -> Verdict:
    if sequence == seen.last + 1:
        seen.last = sequence
        return Verdict(Order.IN_ORDER)
    if sequence > seen.last:
        missing = sequence - seen.last - 1
        room = max(0, REMEMBERED_HOLES - len(seen.holes))
        seen.holes.update(range(sequence - min(missing, room), sequence))
        seen.last = sequence
        return Verdict(Order.GAP, missing)
    if sequence in seen.holes:
        seen.holes.remove(sequence)
        return Verdict(Order.REORDERED)
    return Verdict(Order.DUPLICATE)
