"""The newest records of all partitions in memory, for those who follow the log. Belongs to the event loop.

Laws:

1. For each partition the window holds every record from ``start`` up to ``reached``; offsets in between without a
   record have none on the log.
2. Bounded in records and bytes. What followers have passed goes first and only for room; what nobody has passed yet
   stays, and the tail takes no more from the broker until it has been. Nothing is dropped.
3. Who asks for a position has passed everything before it. Of several followers the first one counts: the others find
   what has left the window on the log.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashstream.engine.ports import LogRecord

_COMPACT_ABOVE = 1_024


def size_of(record: LogRecord) -> int:
    """Return the bytes that a record counts for."""
    return len(record.key) + len(record.value or b"")


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive records of one partition, as they came; ``size`` is their bytes."""

    partition: int
    records: list[LogRecord]
    size: int


class _Lane:
    """Records of one partition: a list that grows at its end, and whose front is let go of now and then."""

    __slots__ = ("_gone", "_records", "passed", "reached", "start")

    def __init__(self, offset: int) -> None:
        self.start = offset
        self.reached = offset
        self.passed = offset
        self._records: list[LogRecord] = []
        self._gone = 0

    @property
    def newest(self) -> LogRecord:
        return self._records[-1]

    def extend(self, records: Sequence[LogRecord]) -> None:
        self._records.extend(records)

    def let_go(self, records: Sequence[LogRecord]) -> None:
        """Forget the oldest records, which are these."""
        self.start = records[-1].offset + 1
        self._gone += len(records)
        if self._gone > _COMPACT_ABOVE and self._gone * 2 > len(self._records):
            del self._records[: self._gone]
            self._gone = 0

    def since(self, offset: int, count: int) -> list[LogRecord]:
        """Return up to ``count`` records from an offset on."""
        index = bisect_left(self._records, offset, lo=self._gone, key=_offset)
        return self._records[index : index + count]


def _offset(record: LogRecord) -> int:
    return record.offset


class Window:
    """Records of the tail, by partition."""

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._lanes: dict[int, _Lane] = {}
        self._runs: deque[Run] = deque()
        self.records = 0
        self.bytes = 0

    def __len__(self) -> int:
        """How many partitions there are."""
        return len(self._lanes)

    @property
    def is_full(self) -> bool:
        """Whether there is no room until followers have passed some of it."""
        return self.bytes > self._max_bytes or self.records > self._max_records

    @property
    def reached(self) -> Mapping[int, int]:
        """How far the tail has got: the next offset of each partition."""
        return {partition: lane.reached for partition, lane in self._lanes.items()}

    def is_beyond(self, positions: Mapping[int, int]) -> bool:
        """Say whether any partition has got further than its position."""
        lanes = self._lanes
        return any(p in lanes and lanes[p].reached > offset for p, offset in positions.items())

    def begin(self, partition: int, offset: int) -> None:
        """Start a partition's lane at an offset, empty; what it held is on the log, if anywhere."""
        if partition in self._lanes:
            self._runs = deque(run for run in self._runs if run.partition != partition)
            self.records = sum(len(run.records) for run in self._runs)
            self.bytes = sum(run.size for run in self._runs)
        self._lanes[partition] = _Lane(offset)

    def extend(self, runs: Sequence[Run], reached: Mapping[int, int]) -> None:
        """Add what came, in order of arrival, and how far each partition got by it."""
        lanes = self._lanes
        for run in runs:
            lanes[run.partition].extend(run.records)
            self.records += len(run.records)
            self.bytes += run.size
        self._runs.extend(runs)
        for partition, offset in reached.items():
            lanes[partition].reached = max(lanes[partition].reached, offset)
        self._make_room()

    def covers(self, partition: int, offset: int) -> bool:
        """Say whether everything from an offset up to where the tail has got is here."""
        lane = self._lanes.get(partition)
        return lane is not None and lane.start <= offset <= lane.reached

    def has_beyond(self, partition: int, offset: int) -> bool:
        """Say whether an offset is covered and the tail has got further."""
        return self.covers(partition, offset) and self._lanes[partition].reached > offset

    def take(self, partition: int, offset: int, max_records: int, max_bytes: int) -> tuple[list[LogRecord], int, int]:
        """Return records from a covered offset on, at least one if there is one; how far they got; their bytes."""
        lane = self._lanes[partition]
        found = lane.since(offset, max(max_records, 1))
        size = sum(map(size_of, found))
        while size > max_bytes and len(found) > 1:
            size -= size_of(found.pop())
        if found and found[-1] is not lane.newest:
            return found, found[-1].offset + 1, size
        return found, lane.reached, size

    def note_passed(self, positions: Mapping[int, int]) -> None:
        """A follower asked for these positions."""
        for partition, offset in positions.items():
            if (lane := self._lanes.get(partition)) is not None and offset > lane.passed:
                lane.passed = offset
        self._make_room()

    def _make_room(self) -> None:
        while self._runs and self.is_full:
            oldest = self._runs[0]
            lane = self._lanes[oldest.partition]
            if oldest.records[-1].offset >= lane.passed:
                return
            self._runs.popleft()
            lane.let_go(oldest.records)
            self.records -= len(oldest.records)
            self.bytes -= oldest.size
