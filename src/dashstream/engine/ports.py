"""What the engine needs from the outside, as protocols; adapters implement them, tests fake them.

Laws that every ``Log`` keeps (``dashstream.testing.log_conformance`` checks them on each adapter):

1. Offsets of a partition rise in append order. They may be sparse; ``dense`` says whether a missing offset
   between two records means a lost record.
2. ``append`` is atomic and durable: when it returns, all of the batch survives a kill of the process; when it
   raises, nothing of the batch was written.
3. A record with a ``Dedupe`` whose sequence is not greater than the last one stored for its (producer, epoch,
   thread) is a duplicate: it is reported as one and not written. The counter commits with the records.
4. ``epoch`` names one life of the log. Positions of one epoch mean nothing in another.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Labels = Mapping[str, Sequence[str]]
"""Label names of a metric, each with the closed set of values that it can have."""


@dataclass(frozen=True, slots=True)
class Dedupe:
    """Identity of a record given by its producer: its own counter."""

    producer_id: str
    producer_epoch: int
    thread_id: str
    sequence: int


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to append. ``timestamp_us`` is the time of arrival at the log, which retention by age uses."""

    key: bytes
    value: bytes
    timestamp_us: int
    dedupe: Dedupe | None = None


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record as the log keeps it; ``value`` is None for a null payload."""

    partition: int
    offset: int
    timestamp_us: int
    key: bytes
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Watermark:
    """First retained offset (``low``) and next offset to be written (``high``) of a partition."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of one appended record; the offset of a duplicate is -1, it was stored earlier."""

    partition: int
    offset: int
    duplicate: bool


def partition_of(key: bytes, partition_count: int) -> int:
    """Return a key's partition: CRC-32 modulo the count, librdkafka's ``consistent`` partitioner."""
    return zlib.crc32(key) % partition_count


class Log(Protocol):
    """An ordered, partitioned, durable sequence of records."""

    @property
    def topic(self) -> str: ...

    @property
    def epoch(self) -> str: ...

    @property
    def partition_count(self) -> int: ...

    @property
    def dense(self) -> bool:
        """Whether every offset from low to high watermark holds a record unless it was lost."""

    async def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        """Write one atomic durable batch; the answer has one item per record, in order.

        Raises:
            LogFullError: no space; nothing of the batch was written; works again when there is space.
            LogClosedError: the log was closed.
        """

    async def read(self, partition: int, offset: int, *, max_records: int, max_bytes: int) -> list[LogRecord]:
        """Return records of a partition from ``offset`` on, in order; ``[]`` at the end.

        At least one record is returned if there is one, even when it alone is above ``max_bytes``.

        Raises:
            OffsetOutOfRangeError: ``offset`` is below the low watermark.
        """

    async def read_many(self, positions: Mapping[int, int], *, max_records: int, max_bytes: int) -> list[LogRecord]:
        """Like ``read`` for several partitions at once; ordered within each partition.

        Raises:
            OffsetOutOfRangeError: a position is below its partition's low watermark.
        """

    async def watermarks(self) -> Mapping[int, Watermark]:
        """Return the watermarks of all partitions, as of now."""

    async def wait_beyond(self, positions: Mapping[int, int]) -> None:
        """Return once any partition's high watermark is above its given position.

        Sees appends by other processes too. A partition that is not named is not waited for.
        """

    async def enforce_retention(self, now_us: int) -> int:
        """Remove records that are too old or too many; return how many. Never blocks ``append`` for long."""

    async def close(self) -> None:
        """Finish what was accepted, then refuse everything. Closing twice is allowed."""


class Clock(Protocol):
    """Time, injected so that tests own it."""

    def now_us(self) -> int:
        """Wall clock in microseconds since the Unix epoch; may jump."""

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""


class Counter(Protocol):
    """A total that only rises."""

    def inc(self, amount: float = 1, /, **labels: str) -> None: ...


class Gauge(Protocol):
    """A value that goes up and down."""

    def set(self, value: float, /, **labels: str) -> None: ...


class Histogram(Protocol):
    """A distribution of observed values, in base units."""

    def observe(self, value: float, /, **labels: str) -> None: ...


class Metrics(Protocol):
    """Makes metrics by full name (``dashstream_<noun>_<past verb>_<unit>_total``).

    Asking twice for one name gives the same metric. A label value outside its closed set raises ValueError.
    """

    def counter(self, name: str, doc: str, labels: Labels | None = None) -> Counter: ...

    def gauge(self, name: str, doc: str, labels: Labels | None = None) -> Gauge: ...

    def histogram(self, name: str, doc: str, buckets: Sequence[float], labels: Labels | None = None) -> Histogram: ...


class _NoMetric:
    """Accepts every observation and keeps none."""

    def inc(self, amount: float = 1, /, **labels: str) -> None:
        """Ignore the amount."""

    def set(self, value: float, /, **labels: str) -> None:
        """Ignore the value."""

    def observe(self, value: float, /, **labels: str) -> None:
        """Ignore the value."""


class NoMetrics:
    """Metrics that keep nothing: for tests and for programs that export none."""

    def counter(self, name: str, doc: str, labels: Labels | None = None) -> Counter:  # noqa: ARG002  # a port's signature
        return _NoMetric()

    def gauge(self, name: str, doc: str, labels: Labels | None = None) -> Gauge:  # noqa: ARG002  # a port's signature
        return _NoMetric()

    def histogram(
        self,
        name: str,  # noqa: ARG002  # a port's signature
        doc: str,  # noqa: ARG002  # a port's signature
        buckets: Sequence[float],  # noqa: ARG002  # a port's signature
        labels: Labels | None = None,  # noqa: ARG002  # a port's signature
    ) -> Histogram:
        return _NoMetric()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a client is. ``tenants`` None: may see every tenant; else exactly those."""

    name: str
    tenants: frozenset[str] | None = None


class Auth(Protocol):
    """Decides who a client is from its token."""

    def authenticate(self, token: str | None) -> Principal:
        """Return the principal of a token; constant-time in the token.

        Raises:
            UnauthenticatedError: no token, or one that is not valid.
        """


@dataclass(frozen=True, slots=True)
class RunLocation:
    """Where a run is in the log: all its records are in one partition, none before ``first_offset``.

    ``snapshot_offset`` is where its latest whole state is, if known.
    """

    partition: int
    first_offset: int
    snapshot_offset: int | None = None


class RunLocator(Protocol):
    """Knows where runs are, so that opening one run does not read the whole log. The run index is one."""

    async def locate(self, run_id: str) -> RunLocation | None:
        """Return where a run is, or None if it is not known (yet)."""
