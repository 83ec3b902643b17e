"""The retained tier: the newest records of each partition, shared by all gateways and kept outside of them.

It is a cache between ring and log. Whoever reads it must be told by range what it has, for a store that was
flushed, evicted, failed over or written around must never make a reader skip a record. So a store does not
answer "these records" but one :class:`Stretch`: *between these two offsets, these are all records that the log
has*. Whatever is not in a stretch is read from the log.

Laws that every ``RetainedStore`` keeps (``dashstream.testing.retained_conformance`` checks them on each adapter):

1. Each record is kept with the offset from which on it is the first one (``since``). Two neighbours belong to one
   stretch exactly if the later one's ``since`` is not above the end of the earlier one. A dropped write, a record
   too large for the tier, an entry that the store has lost: each is a hole by this one rule.
2. A partition has one writer, the newest *claim*. A claim has a generation, greater than all before; a write
   under an older one changes nothing and raises. Every write is atomic, and writing a run again changes nothing.
3. What is held belongs to one epoch of the log. A claim for another epoch discards it; a read for another epoch
   finds nothing.
4. Offsets and generations are exact over 64 bits, in order and in range.
5. The oldest records go by count and age; everything of a partition that is no longer written goes by age.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

import structlog

from dashstream.engine.backoff import Backoff, BackoffLimits
from dashstream.engine.limits import KIB, MIB
from dashstream.engine.ports import Clock, LogRecord, Metrics
from dashstream.errors import RetainedError
from dashstream.options import option

_log = structlog.get_logger(__name__)

READ_OUTCOMES = ("found", "absent", "failed", "skipped")
"""Closed set of what a read of the tier can come to."""


@dataclass(frozen=True, slots=True)
class RetainedLimits:
    """Section RETAINED: the newest records kept outside of the gateways, if a store is configured."""

    age_s: float = option(86_400.0, "records older than this leave the retained tier", unit="s", low=1)
    records: int = option(1_000_000, "records of one partition in the retained tier", unit="count", low=1)
    max_entry_bytes: int = option(
        64 * KIB, "larger records are not retained; readers get them from the log", unit="bytes", low=1
    )
    queue_records: int = option(100_000, "records waiting to be retained; above it the oldest go", unit="count", low=1)
    queue_bytes: int = option(
        64 * MIB, "bytes waiting to be retained; above it the oldest records go", unit="bytes", low=1
    )
    batch_records: int = option(500, "most records in one write to the retained tier", unit="count", low=1)
    batch_bytes: int = option(
        1 * MIB, "most bytes in one write; a single larger record goes alone", unit="bytes", low=1
    )
    concurrent_writes: int = option(8, "partitions written at the same time", unit="count", low=1)
    concurrent_reads: int = option(8, "pages read for replays at the same time", unit="count", low=1)
    write_attempts: int = option(5, "attempts to write a batch before it is given up", unit="count", low=1)
    read_timeout_s: float = option(1.0, "time for one page before a reader goes to the log", unit="s", low=0.01)
    retry_s: float = option(
        1.0, "after a failed read, how long readers go straight to the log; doubles with each", unit="s", low=0
    )
    longest_retry_s: float = option(30.0, "longest such time", unit="s", low=0)
    trim_interval_s: float = option(30.0, "how often records that are too old are removed", unit="s", low=0)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write a partition, until somebody else claims it."""

    partition: int
    epoch: str
    generation: int


@dataclass(frozen=True, slots=True)
class Run:
    """Records without a hole: all that the log has from ``start`` to the last of them; never empty."""

    start: int
    records: tuple[LogRecord, ...]

    @property
    def end(self) -> int:
        """The next offset after the run."""
        return self.records[-1].offset + 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a store holds without a hole: all records that the log has in ``start`` <= offset < ``end``."""

    start: int
    end: int
    records: tuple[LogRecord, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What a store says about a partition: between ``low``, its first record, and ``high`` there may be holes."""

    epoch: str
    generation: int
    low: int
    high: int
    holes: int
    """Holes made by writing since the epoch began; those that are trimmed by now included."""


class RetainedStore(Protocol):
    """Keeps the newest records of partitions. Every method can raise ``RetainedError``."""

    async def claim(self, partition: int, epoch: str, now_us: int) -> Claim:
        """Become the writer of a partition; every former claim of it is fenced from now on."""

    async def write(self, claim: Claim, run: Run) -> Held:
        """Add a run; the records of it that are held already are passed over. May trim by count.

        Raises:
            RetainedFencedError: the claim is not the newest, or the store has lost it; nothing was written.
        """

    async def read(
        self, partition: int, epoch: str, offset: int, *, max_records: int, max_bytes: int
    ) -> Stretch | None:
        """Return the first stretch at or above ``offset``, cut to the bounds but with at least one record.

        None: nothing is held there. The stretch may begin above ``offset``; what lies between is in the log.
        """

    async def trim(self, claim: Claim, oldest_us: int) -> Held:
        """Remove the records at the low end that reached the log before ``oldest_us``.

        Raises:
            RetainedFencedError: as for ``write``.
        """

    async def meta(self, partition: int) -> Held | None:
        """Return what is held of a partition, or None if nothing was ever written or all is gone."""

    async def close(self) -> None:
        """Release connections. Closing twice is allowed."""


class RetainedReader:
    """Reads the tier for replays. A store that fails is left alone for a while: the log has everything.

    That while grows with each failure, and after it one read alone tries the store, so that a store that hangs costs
    a replay next to nothing.
    """

    def __init__(
        self, store: RetainedStore, epoch: str, limits: RetainedLimits, clock: Clock, metrics: Metrics
    ) -> None:
        self._store = store
        self._epoch = epoch
        self._timeout_s = limits.read_timeout_s
        self._clock = clock
        self._backoff = Backoff(BackoffLimits(first_s=limits.retry_s, longest_s=limits.longest_retry_s))
        self._closed_until: float | None = None
        self._slots = asyncio.Semaphore(limits.concurrent_reads)
        self._reads = metrics.counter(
            "dashstream_retained_reads_total", "Pages asked of the retained tier", {"outcome": READ_OUTCOMES}
        )

    async def read(self, partition: int, offset: int, *, max_records: int, max_bytes: int) -> Stretch | None:
        """Return a stretch as ``RetainedStore.read`` does; None also when the store fails or was failing just now."""
        async with self._slots:
            if not self._may_try():
                self._reads.inc(outcome="skipped")
                return None
            try:
                async with asyncio.timeout(self._timeout_s):
                    found = await self._store.read(
                        partition, self._epoch, offset, max_records=max_records, max_bytes=max_bytes
                    )
            except (RetainedError, TimeoutError) as error:
                self._closed_until = self._clock.monotonic() + self._backoff.next_delay()
                self._reads.inc(outcome="failed")
                _log.warning("retained_read_failed", partition=partition, error=str(error) or "timed out")
                return None
        self._closed_until = None
        self._backoff.reset()
        self._reads.inc(outcome="absent" if found is None else "found")
        return found

    def _may_try(self) -> bool:
        if self._closed_until is None:
            return True
        now = self._clock.monotonic()
        if now < self._closed_until:
            return False
        self._closed_until = now + self._timeout_s  # the others wait for what this one finds
        return True


def record_bytes(record: LogRecord) -> int:
    """Return the bytes that a record brings along."""
    return len(record.key) + len(record.value or b"")
