"""What the engine needs from the outside, as protocols; adapters implement them, tests fake them.

Laws that every ``Log`` keeps (``dashstream.testing.log_conformance`` checks them on each adapter):

1. Offsets of a partition rise in append order. They may be sparse; ``dense`` says whether a missing offset
   between two records means a lost record.
2. ``append`` is durable: when it returns, all of the batch survives a kill of the process. If ``atomic`` is True,
   nothing of the batch was written when it raises. Where it is False a part may have been; a repeat of the batch then
   writes the rest and reports what is there as duplicates, as far as the records have a ``Dedupe``.
3. A record with a ``Dedupe`` whose sequence is not greater than the last one stored for its (producer, epoch,
   thread) is a duplicate: it is reported as one and not written. The counter commits with the records.
4. ``epoch`` names one life of the log. Positions of one epoch mean nothing in another. A log object serves one
   epoch; when the log behind it begins another, every call raises ``LogEpochChangedError``.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, overload

import msgspec

from dashstream.engine.access import Principal
from dashstream.engine.reading import Dedupe, Reading
from dashstream.protocol.position import NOW, RunMoment

Labels = Mapping[str, Sequence[str]]
"""Label names of a metric, each with the closed set of values that it can have."""


class Numbers(Sequence[str]):
    """The decimal numbers below a bound, as a closed set of label values that costs no memory."""

    def __init__(self, bound: int) -> None:
        self._range = range(bound)

    def __len__(self) -> int:
        return len(self._range)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        return [str(number) for number in self._range[index]] if isinstance(index, slice) else str(self._range[index])

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str) and value.isdecimal() and int(value) in self._range and str(int(value)) == value

    def __str__(self) -> str:
        return f"0 to {self._range[-1]}"


class NewRecord(msgspec.Struct, frozen=True, gc=False):
    """A record to append. ``timestamp_us`` is the time of arrival at the log, which retention by age uses.

    ``reading`` is what is known of it, where it was read before: a log may hand that on to who reads the record.
    """

    key: bytes
    value: bytes
    timestamp_us: int
    dedupe: Dedupe | None = None
    reading: Reading | None = None


class LogRecord(msgspec.Struct, frozen=True, gc=False):
    """A record as the log keeps it; ``value`` is None for a null payload.

    ``reading`` is what is known of it already, if anything: what this process took in is read once.
    """

    partition: int
    offset: int
    timestamp_us: int
    key: bytes
    value: bytes | None
    reading: Reading | None = None


class LogPage(list[LogRecord]):
    """Records as read, in order within each partition, and how far the read got.

    ``reached`` names the next offset to read of every partition that was asked for: what lies between the asked offset
    and it, and is not among the records, is not in the log. So offsets without records are passed: those that
    compaction removed, and those that transactions used up.
    """

    __slots__ = ("reached",)

    def __init__(self, records: Iterable[LogRecord], reached: Mapping[int, int]) -> None:
        super().__init__(records)
        self.reached = reached


@dataclass(frozen=True, slots=True)
class Watermark:
    """First retained offset (``low``) and next offset to be written (``high``) of a partition."""

    low: int
    high: int


class Appended(msgspec.Struct, frozen=True, gc=False):
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

    @property
    def atomic(self) -> bool:
        """Whether a batch is written as a whole or not at all."""

    async def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        """Write one durable batch; the answer has one item per record, in order.

        Raises:
            LogFullError: no space; nothing of the batch was written; works again when there is space.
            LogClosedError: the log was closed.
        """

    async def read(self, partition: int, offset: int, *, max_records: int, max_bytes: int) -> LogPage:
        """Return records of a partition from ``offset`` on, in order.

        At least one record is returned if there is one, even when it alone is above ``max_bytes``. A page without
        records whose ``reached`` is ``offset`` means the end; one that got further has to be followed by another read.

        Raises:
            OffsetOutOfRangeError: ``offset`` is below the low watermark.
        """

    async def read_many(self, positions: Mapping[int, int], *, max_records: int, max_bytes: int) -> LogPage:
        """Like ``read`` for several partitions at once, the first named first.

        Raises:
            OffsetOutOfRangeError: a position is below its partition's low watermark.
        """

    async def watermarks(self) -> Mapping[int, Watermark]:
        """Return the watermarks of all partitions, as of now."""

    async def wait_beyond(self, positions: Mapping[int, int]) -> None:
        """Return once any partition's high watermark is above its given position.

        Sees appends by other processes too. A partition that is not named is not waited for. Returns as well when
        the log gets more partitions meanwhile.

        Raises:
            LogError: the log cannot be followed now.
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

    def clear(self, **labels: str) -> None:
        """Say nothing about these labels any more."""


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

    def clear(self, **labels: str) -> None:
        """Nothing was kept."""


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

    ``snapshot_offset`` is where the whole state begins that was asked for, if known, and ``snapshot_step`` the number
    of the root's step that it shows.
    """

    partition: int
    first_offset: int
    snapshot_offset: int | None = None
    snapshot_step: int | None = None


@dataclass(frozen=True, slots=True)
class ThreadPlaces:
    """Where threads go on, by name, after given sequences.

    ``reached``: next offset of each partition that is known of; what is above may be anybody's.
    """

    starts: Mapping[str, Mapping[int, int]]
    """Offsets to read from, by partition, so that nothing after the sequence is missed. A thread of which no record
    with that sequence or a later one is known is not in it."""
    exact: frozenset[str]
    """Those whose very sequence was found: nothing is missing between it and the start."""
    reached: Mapping[int, int]


class RunLocator(Protocol):
    """Knows where runs are, so that opening one run does not read the whole log. The run index is one."""

    async def locate_threads(self, after: Mapping[str, int], tenants: Collection[str] | None) -> ThreadPlaces:
        """Return where threads go on after these sequences; runs of other tenants count as not there."""

    async def locate(
        self, run_id: str, at: RunMoment = NOW, tenants: Collection[str] | None = None
    ) -> RunLocation | None:
        """Return where a run is, with the last whole state of its root at or before ``at``; of a moment that is not
        known (yet), the latest. None if the run is not known (yet), or not of these tenants.
        """
