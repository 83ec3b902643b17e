"""The newest records in memory: encoded once, in order of arrival, with an index per partition.

Laws:

1. An item has an *arrival* number; arrivals are dense and never reused. ``begin`` <= held < ``end``.
2. For each partition the ring holds every item from ``low(partition)`` up to ``positions[partition]``: who
   reads at or above ``low`` misses nothing that was ingested.
3. Bounded by bytes and by count, after each page of records that is added; the oldest arrival goes first. The newest
   item is always held.
4. A range that the log has lost is an item too (``Hole``), so that everyone who passes it is told.
5. One event loop owns a ring; nothing here blocks or awaits.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

import msgspec

from dashstream.engine.classify import Unreadable
from dashstream.engine.limits import RingLimits
from dashstream.engine.ports import LogRecord
from dashstream.engine.reading import RecordHead
from dashstream.protocol.batch import encode_lead
from dashstream.protocol.codes import GapReason

ITEM_OVERHEAD = 400
"""Bytes that an item costs besides its payload (measured: objects and index)."""

_COMPACT_ABOVE = 1_024


class Entry(msgspec.Struct, eq=False, gc=False):
    """A record as it will travel. ``previous`` is the offset before it in its partition, None if unknown.

    What stands before its value is made when somebody first takes it, and kept. The collector of cycles passes entries
    by: they are in none, and a full ring has a hundred thousand of them.
    """

    partition: int
    offset: int
    previous: int | None
    head: RecordHead | Unreadable
    value: bytes
    _lead: bytes = b""

    @classmethod
    def of(cls, record: LogRecord, head: RecordHead | Unreadable, previous: int | None) -> Entry:
        """Return the entry of a record."""
        return cls(record.partition, record.offset, previous, head, record.value or b"")

    @property
    def size(self) -> int:
        return len(self.value)

    @property
    def end(self) -> int:
        """The next offset after this item."""
        return self.offset + 1

    def lead_after(self, previous: int | None) -> bytes:
        """Return the lead that names ``previous`` as the offset before this one."""
        if previous == self.previous:
            if not self._lead:
                self._lead = self._made_lead(previous)
            return self._lead
        return self._made_lead(previous)

    def _made_lead(self, previous: int | None) -> bytes:
        step = 0 if previous is None else self.offset - previous
        return encode_lead(self.partition, self.offset, step, len(self.value))


@dataclass(frozen=True, slots=True)
class Hole:
    """Offsets ``offset`` <= o < ``end`` of a partition that will not come. ``count`` None: not known."""

    partition: int
    offset: int
    end: int
    reason: GapReason
    count: int | None = None

    @property
    def size(self) -> int:
        return 0


Item = Entry | Hole


class _Window:
    """A list that is only appended to and shortened from the front, with random access."""

    __slots__ = ("_dead", "_items")

    def __init__(self) -> None:
        self._items: list[Item | None] = []
        self._dead = 0

    def __len__(self) -> int:
        return len(self._items) - self._dead

    def append(self, item: Item) -> None:
        self._items.append(item)

    def __iter__(self) -> Iterator[Item]:
        items = self._items
        for index in range(self._dead, len(items)):
            yield items[index]  # type: ignore[misc]  # only what is before _dead is None

    def drop(self, count: int) -> Item:
        """Let go of the first ``count`` items, at least one; return the last of them."""
        dead = self._dead + count
        last = self._items[dead - 1]
        assert last is not None  # noqa: S101  # only what is before _dead is None
        self._items[self._dead : dead] = repeat(None, count)
        self._dead = dead
        if dead > _COMPACT_ABOVE and dead * 2 > len(self._items):
            del self._items[:dead]
            self._dead = 0
        return last

    def slice(self, start: int, stop: int) -> Sequence[Item]:
        """Return items by index from the front."""
        return self._items[self._dead + start : self._dead + stop]  # type: ignore[return-value]  # none is None

    def index_of_offset(self, offset: int) -> int:
        """Return the index of the first item that ends above ``offset``."""
        return bisect_left(self._items, offset + 1, lo=self._dead, key=_end) - self._dead


def _end(item: Item | None) -> int:
    return item.end if item is not None else -1


class Ring:
    """The newest items of all partitions."""

    def __init__(self, limits: RingLimits) -> None:
        self._limits = limits
        self._items = _Window()
        self._lanes: dict[int, _Window] = {}
        self._lows: dict[int, int] = {}
        self._before: dict[int, int | None] = {}
        self.begin = 0
        self.end = 0
        self.bytes = 0
        self.positions: dict[int, int] = {}

    def __len__(self) -> int:
        return self.end - self.begin

    def start(self, positions: Mapping[int, int], before: Mapping[int, int]) -> None:
        """Begin, empty, at next offsets. ``before`` names the record before each where it is known."""
        if self.positions:
            raise RuntimeError("a ring starts once")
        self.positions = dict(positions)
        self._lows = dict(positions)
        self._before = dict(before)
        self._lanes = {partition: _Window() for partition in positions}

    def add_partitions(self, count: int) -> None:
        """Hold ``count`` partitions from now on; the added ones begin with their first record."""
        for partition in range(len(self.positions), count):
            self.positions[partition] = self._lows[partition] = 0
            self._lanes[partition] = _Window()

    def low(self, partition: int) -> int:
        """Return the lowest next offset from which the ring holds everything of a partition."""
        return self._lows[partition]

    def extend(self, records: Iterable[tuple[LogRecord, RecordHead | Unreadable]]) -> None:
        """Add the next records of their partitions, then let go of what is too much; holes may come between them."""
        for record, head in records:
            self._put(record, head)
        self._keep_bounds()

    def append_hole(self, hole: Hole) -> None:
        """Add a range that will not come."""
        self._add(hole, hole.partition, hole.end, hole.size)
        self._keep_bounds()

    def trim(self, max_bytes: int, max_items: int) -> None:
        """Let go of the oldest items until the bounds are kept; the newest item stays."""
        first_kept, newest = self.end - max(max_items, 1), self.end - 1
        begin, size = self.begin, self.bytes
        counts: dict[int, int] = {}
        for item in self._items:
            if begin >= first_kept and (size <= max_bytes or begin >= newest):
                break
            counts[item.partition] = counts.get(item.partition, 0) + 1
            size -= item.size + ITEM_OVERHEAD
            begin += 1
        if counts:
            self._items.drop(begin - self.begin)
        for partition, count in counts.items():
            self._lows[partition] = self._lanes[partition].drop(count).end
        self.begin, self.bytes = begin, size

    def since(self, arrival: int, count: int) -> Sequence[Item]:
        """Return up to ``count`` items from an arrival number on, which is at or above ``begin``."""
        index = arrival - self.begin
        return self._items.slice(index, min(index + count, len(self)))

    def lane(self, partition: int, offset: int, count: int) -> Iterator[Item]:
        """Yield up to ``count`` items of one partition from a next offset at or above ``low`` on."""
        lane = self._lanes[partition]
        index = lane.index_of_offset(offset)
        return iter(lane.slice(index, index + count))

    def _put(self, record: LogRecord, head: RecordHead | Unreadable) -> None:
        partition, offset, value = record.partition, record.offset, record.value or b""
        entry = Entry(partition, offset, self._before.get(partition), head, value)
        self._before[partition] = offset
        self._add(entry, partition, offset + 1, len(value))

    def _add(self, item: Item, partition: int, end: int, size: int) -> None:
        self._items.append(item)
        self._lanes[partition].append(item)
        self.positions[partition] = end
        self.bytes += size + ITEM_OVERHEAD
        self.end += 1

    def _keep_bounds(self) -> None:
        limits = self._limits
        if self.bytes > limits.max_bytes or self.end - self.begin > limits.max_records:
            self.trim(limits.max_bytes, limits.max_records)
