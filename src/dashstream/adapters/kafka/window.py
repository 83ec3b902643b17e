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
from itertools import islice

from dashstream.engine.ports import LogRecord

_COMPACT_ABOVE = 1_024


def size_of(record: LogRecord) -> int:
    """Return the bytes that a record counts for."""
    return len(record.key) + len(record.value or b"")


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
    def bytes(self) -> int:
        return sum(map(size_of, islice(self._records, self._gone, None)))

    @property
    def oldest(self) -> LogRecord:
        return self._records[self._gone]

    @property
    def newest(self) -> LogRecord:
        return self._records[-1]

    def append(self, record: LogRecord) -> None:
        self._records.append(record)

    def let_go(self) -> None:
        """Forget the oldest record."""
        self.start = self.oldest.offset + 1
        self._gone += 1
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
        self._arrivals: deque[int] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        """How many partitions there are."""
        return len(self._lanes)

    @property
    def is_full(self) -> bool:
        """Whether there is no room until followers have passed some of it."""
        return self._bytes > self._max_bytes or len(self._arrivals) > self._max_records

    def is_beyond(self, positions: Mapping[int, int]) -> bool:
        """Say whether any partition has got further than its position."""
        lanes = self._lanes
        return any(p in lanes and lanes[p].reached > offset for p, offset in positions.items())

    def begin(self, partition: int, offset: int) -> None:
        """Start a partition's lane at an offset, empty; what it held is on the log, if anywhere."""
        lane = self._lanes.get(partition)
        if lane is not None:
            self._bytes -= lane.bytes
            self._arrivals = deque(arrival for arrival in self._arrivals if arrival != partition)
        self._lanes[partition] = _Lane(offset)

    def extend(self, records: Sequence[LogRecord], reached: Mapping[int, int]) -> None:
        """Add what came, in order of arrival, and how far each partition got by it."""
        lanes = self._lanes
        for record in records:
            lanes[record.partition].append(record)
            self._arrivals.append(record.partition)
            self._bytes += size_of(record)
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

    def take(self, partition: int, offset: int, max_records: int, max_bytes: int) -> tuple[list[LogRecord], int]:
        """Return records from a covered offset on, at least one if there is one, and how far they got."""
        lane = self._lanes[partition]
        found = lane.since(offset, max(max_records, 1))
        size = 0
        for index, record in enumerate(found):
            size += size_of(record)
            if index and size > max_bytes:
                del found[index:]
                break
        if found and found[-1] is not lane.newest:
            return found, found[-1].offset + 1
        return found, lane.reached

    def note_passed(self, positions: Mapping[int, int]) -> None:
        """A follower asked for these positions."""
        for partition, offset in positions.items():
            if (lane := self._lanes.get(partition)) is not None and offset > lane.passed:
                lane.passed = offset
        self._make_room()

    def _make_room(self) -> None:
        while self._arrivals and self.is_full:
            lane = self._lanes[self._arrivals[0]]
            oldest = lane.oldest
            if oldest.offset >= lane.passed:
                return
            self._arrivals.popleft()
            lane.let_go()
            self._bytes -= size_of(oldest)
