"""A retained store in memory: the reference implementation of the ``RetainedStore`` port, for tests.

Besides the port it has what tests need to make trouble: losing single entries, losing everything, failing.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from dashstream.engine.ports import LogRecord
from dashstream.engine.retained import Claim, Held, RetainedLimits, Run, Stretch, record_bytes
from dashstream.errors import RetainedError, RetainedFencedError


@dataclass(slots=True)
class _Partition:
    epoch: str
    generation: int
    high: int | None = None
    holes: int = 0
    offsets: list[int] = field(default_factory=list)
    entries: list[tuple[int, LogRecord]] = field(default_factory=list)

    def held(self) -> Held:
        low = self.offsets[0] if self.offsets else self.high or 0
        return Held(self.epoch, self.generation, low, self.high or 0, self.holes)

    def trim(self, count: int) -> None:
        del self.offsets[:count], self.entries[:count]


class MemoryRetainedStore:
    """The ``RetainedStore`` port over lists; everything is lost with the process."""

    def __init__(self, limits: RetainedLimits | None = None) -> None:
        self._limits = limits or RetainedLimits()
        self._partitions: dict[int, _Partition] = {}
        self.error: RetainedError | None = None
        self.writes = 0
        self.asked = 0

    async def claim(self, partition: int, epoch: str, now_us: int) -> Claim:
        """See ``RetainedStore.claim``."""
        self._check()
        known = self._partitions.get(partition)
        generation = max(now_us, known.generation + 1 if known else 1)
        if known is None or known.epoch != epoch:
            self._partitions[partition] = _Partition(epoch, generation)
        else:
            known.generation = generation
        return Claim(partition, epoch, generation)

    async def write(self, claim: Claim, run: Run) -> Held:
        """See ``RetainedStore.write``."""
        self._check()
        self.writes += 1
        part = self._claimed(claim)
        if part.high is not None and run.start > part.high:
            part.holes += 1
        since = run.start
        for record in run.records:
            if part.high is None or record.offset >= part.high:
                part.offsets.append(record.offset)
                part.entries.append((since, record))
                part.high = record.offset + 1
            since = record.offset + 1
        part.trim(max(0, len(part.entries) - self._limits.records))
        return part.held()

    async def read(
        self, partition: int, epoch: str, offset: int, *, max_records: int, max_bytes: int
    ) -> Stretch | None:
        """See ``RetainedStore.read``."""
        self.asked += 1
        self._check()
        part = self._partitions.get(partition)
        if part is None or part.epoch != epoch:
            return None
        first = bisect_left(part.offsets, offset)
        if first == len(part.entries):
            return None
        start = max(offset, part.entries[first][0])
        found: list[LogRecord] = []
        end, size = start, 0
        for since, record in part.entries[first : first + max_records]:
            size += record_bytes(record)
            if found and (since > end or size > max_bytes):
                break
            found.append(record)
            end = record.offset + 1
        return Stretch(start, end, tuple(found))

    async def trim(self, claim: Claim, oldest_us: int) -> Held:
        """See ``RetainedStore.trim``."""
        self._check()
        part = self._claimed(claim)
        young = (index for index, (_, record) in enumerate(part.entries) if record.timestamp_us >= oldest_us)
        part.trim(next(young, len(part.entries)))
        return part.held()

    async def meta(self, partition: int) -> Held | None:
        """See ``RetainedStore.meta``."""
        self._check()
        part = self._partitions.get(partition)
        return None if part is None or part.high is None else part.held()

    async def close(self) -> None:
        """See ``RetainedStore.close``."""

    def lose(self, partition: int, offset: int) -> None:
        """Remove one entry, as an operator or a failover would."""
        part = self._partitions[partition]
        index = part.offsets.index(offset)
        del part.offsets[index], part.entries[index]

    def flush(self) -> None:
        """Lose everything."""
        self._partitions.clear()

    def _claimed(self, claim: Claim) -> _Partition:
        part = self._partitions.get(claim.partition)
        if part is None or part.generation != claim.generation:
            raise RetainedFencedError(
                partition=claim.partition,
                generation=claim.generation,
                newest=part.generation if part is not None else None,
            )
        return part

    def _check(self) -> None:
        if self.error is not None:
            raise self.error
