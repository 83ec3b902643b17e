"""A log in memory: the reference implementation of the ``Log`` port, for tests and trials.

Holds no policy beyond the port's laws. Besides the port it has what tests need to make trouble: removing
single records, skipping offsets, moving the low watermark, failing the next append.
"""

from __future__ import annotations

import asyncio
import itertools
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import Appended, LogPage, LogRecord, NewRecord, Watermark, partition_of
from dashstream.errors import LogClosedError, OffsetOutOfRangeError
from dashstream.protocol.sequence import Counter

_epochs = itertools.count(1)


class _Partition:
    __slots__ = ("bytes", "high", "low", "offsets", "records")

    def __init__(self) -> None:
        self.low = 0
        self.high = 0
        self.bytes = 0
        self.offsets: list[int] = []
        self.records: list[LogRecord] = []

    def append(self, record: LogRecord) -> None:
        self.offsets.append(record.offset)
        self.records.append(record)
        self.high = record.offset + 1
        self.bytes += _size(record)

    def trim(self, low: int) -> int:
        count = bisect_left(self.offsets, low)
        self.bytes -= sum(map(_size, self.records[:count]))
        del self.offsets[:count], self.records[:count]
        self.low = max(self.low, low)
        return count


class MemoryLog:
    """The ``Log`` port over lists; everything is lost with the process."""

    atomic = True

    def __init__(self, limits: LogLimits | None = None, *, topic: str = "dashstream", dense: bool = True) -> None:
        self._limits = limits or LogLimits()
        self._partitions = [_Partition() for _ in range(self._limits.partitions)]
        self._sequences: dict[Counter, int] = {}
        self._appended = asyncio.Condition()
        self._closed = False
        self._append_error: Exception | None = None
        self.topic = topic
        self.epoch = f"memory-{next(_epochs)}"
        self.dense = dense

    @property
    def partition_count(self) -> int:
        return len(self._partitions)

    async def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        """See ``Log.append``."""
        self._check_open()
        if self._append_error is not None:
            error, self._append_error = self._append_error, None
            raise error
        answer = [self._append_one(record) for record in records]
        async with self._appended:
            self._appended.notify_all()
        return answer

    async def read(self, partition: int, offset: int, *, max_records: int, max_bytes: int) -> LogPage:
        """See ``Log.read``."""
        self._check_open()
        part = self._partitions[partition]
        if offset < part.low:
            raise OffsetOutOfRangeError(partition=partition, offset=offset, low=part.low)
        found: list[LogRecord] = []
        size = 0
        for record in itertools.islice(part.records, bisect_left(part.offsets, offset), None):
            size += _size(record)
            if found and (len(found) >= max_records or size > max_bytes):
                return LogPage(found, {partition: found[-1].offset + 1})
            found.append(record)
        return LogPage(found, {partition: max(offset, part.high)})

    async def read_many(self, positions: Mapping[int, int], *, max_records: int, max_bytes: int) -> LogPage:
        """See ``Log.read_many``."""
        found: list[LogRecord] = []
        reached = dict(positions)
        size = 0
        for partition, offset in positions.items():
            if len(found) >= max_records or (found and size >= max_bytes):
                break
            page = await self.read(partition, offset, max_records=max_records - len(found), max_bytes=max_bytes - size)
            found += page
            reached.update(page.reached)
            size += sum(map(_size, page))
        return LogPage(found, reached)

    async def watermarks(self) -> Mapping[int, Watermark]:
        """See ``Log.watermarks``."""
        self._check_open()
        return {index: Watermark(part.low, part.high) for index, part in enumerate(self._partitions)}

    async def wait_beyond(self, positions: Mapping[int, int]) -> None:
        """See ``Log.wait_beyond``."""
        partitions = len(self._partitions)
        async with self._appended:
            await self._appended.wait_for(
                lambda: self._closed or self._is_beyond(positions) or len(self._partitions) != partitions
            )
        self._check_open()

    async def enforce_retention(self, now_us: int) -> int:
        """See ``Log.enforce_retention``."""
        self._check_open()
        removed = 0
        if self._limits.retention_age_s:
            oldest = now_us - int(self._limits.retention_age_s * 1e6)
            for part in self._partitions:
                keep = next((r.offset for r in part.records if r.timestamp_us >= oldest), part.high)
                removed += part.trim(keep)
        while self._limits.retention_bytes and self._total_bytes() > self._limits.retention_bytes:
            part = min((part for part in self._partitions if part.records), key=lambda p: p.records[0].timestamp_us)
            removed += part.trim(part.offsets[0] + 1)
        return removed

    async def close(self) -> None:
        """See ``Log.close``."""
        self._closed = True
        async with self._appended:
            self._appended.notify_all()

    def fail_next_append(self, error: Exception) -> None:
        """Let the next append raise ``error`` and write nothing."""
        self._append_error = error

    def lose(self, partition: int, offset: int) -> None:
        """Remove one record, as damage would."""
        part = self._partitions[partition]
        index = part.offsets.index(offset)
        part.bytes -= _size(part.records[index])
        del part.offsets[index], part.records[index]

    def skip(self, partition: int, count: int) -> None:
        """Use up offsets without records, as transactions do in Kafka."""
        self._partitions[partition].high += count

    async def add_partitions(self, count: int) -> None:
        """Have more partitions."""
        self._partitions += [_Partition() for _ in range(count)]
        async with self._appended:
            self._appended.notify_all()

    def trim(self, partition: int, low: int) -> int:
        """Remove everything below ``low``, as retention would; return how many records."""
        return self._partitions[partition].trim(low)

    def _append_one(self, record: NewRecord) -> Appended:
        partition = partition_of(record.key, len(self._partitions))
        if record.dedupe is not None:
            counter = record.dedupe.counter
            if record.dedupe.sequence <= self._sequences.get(counter, 0):
                return Appended(partition, -1, duplicate=True)
            self._sequences[counter] = record.dedupe.sequence
        part = self._partitions[partition]
        offset = part.high
        part.append(LogRecord(partition, offset, record.timestamp_us, record.key, record.value))
        return Appended(partition, offset, duplicate=False)

    def _is_beyond(self, positions: Mapping[int, int]) -> bool:
        return any(self._partitions[index].high > offset for index, offset in positions.items())

    def _total_bytes(self) -> int:
        return sum(part.bytes for part in self._partitions)

    def _check_open(self) -> None:
        if self._closed:
            raise LogClosedError("the log was closed")


def _size(record: LogRecord) -> int:
    return len(record.key) + len(record.value or b"")
