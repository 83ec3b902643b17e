"""Records on their way in: checked one by one, bounded together, durable before the answer.

A record that cannot be used is refused by its index and never holds up the others of its batch. What is waiting
for the disk is bounded in bytes; above that a producer is put off, and nothing of its batch was taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dashstream.engine.limits import IngestLimits
from dashstream.engine.ports import Clock, Log, Metrics, NewRecord
from dashstream.engine.reading import Reading, read_all, tenants_of
from dashstream.errors import ForbiddenError, OverloadedError, RecordError
from dashstream.protocol.framing import Limits

RESULTS = ("accepted", "duplicate", "rejected")


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of a batch; ``rejected`` names each refused record by index, code and message."""

    accepted: int = 0
    duplicates: int = 0
    rejected: list[tuple[int, str, str]] = field(default_factory=list)


class IngestService:
    """Makes batches durable. Idempotent by each record's producer, epoch, thread and sequence."""

    def __init__(self, log: Log, limits: IngestLimits, clock: Clock, metrics: Metrics) -> None:
        self._log = log
        self._limits = limits
        self._record_limits = Limits(max_record_bytes=limits.max_record_bytes)
        self._clock = clock
        self._waiting_bytes = 0
        self.overloaded = 0
        self.totals = dict.fromkeys(RESULTS, 0)
        self._results = metrics.counter(
            "dashstream_records_submitted_total",
            "Records sent to the gateway, by what became of them",
            {"result": RESULTS},
        )
        self._waiting = metrics.gauge("dashstream_ingest_waiting_bytes", "Bytes of records waiting for the disk")
        self._put_off = metrics.counter("dashstream_ingest_overloaded_total", "Batches that were put off")

    async def submit(self, values: Sequence[bytes], tenants: frozenset[str] | None = None) -> IngestResult:
        """Store framed records; when this returns, all accepted ones are durable.

        ``tenants``: those that the producer may write for; a record of another one is refused. None: any.

        Raises:
            OverloadedError: too many bytes are waiting; nothing was taken.
            LogFullError: no space; nothing was taken.
        """
        size = sum(map(len, values))
        if self._waiting_bytes and self._waiting_bytes + size > self._limits.max_inflight_bytes:
            self.overloaded += 1
            self._put_off.inc()
            raise OverloadedError("too many records are waiting for the disk", retry_after_s=self._limits.retry_after_s)
        self._reserve(size)
        try:
            return await self._store(values, tenants)
        finally:
            self._reserve(-size)

    async def _store(self, values: Sequence[bytes], tenants: frozenset[str] | None) -> IngestResult:
        records: list[NewRecord] = []
        rejected: list[tuple[int, str, str]] = []
        now_us = self._clock.now_us()
        for index, (value, reading) in enumerate(zip(values, read_all(values, self._record_limits), strict=True)):
            if isinstance(reading, RecordError):
                rejected.append((index, reading.code, str(reading)))
            elif tenants is not None and not tenants.issuperset(tenants_of(reading.head)):
                rejected.append((index, ForbiddenError.code, "the record is for a tenant that the token is not for"))
            else:
                records.append(_new_record(value, reading, now_us))
        stored = await self._log.append(records) if records else []
        duplicates = sum(item.duplicate for item in stored)
        result = IngestResult(len(stored) - duplicates, duplicates, rejected)
        self._count(result)
        return result

    def _reserve(self, size: int) -> None:
        self._waiting_bytes += size
        self._waiting.set(self._waiting_bytes)

    def _count(self, result: IngestResult) -> None:
        for name, amount in zip(RESULTS, (result.accepted, result.duplicates, len(result.rejected)), strict=True):
            self.totals[name] += amount
            self._results.inc(amount, result=name)


def _new_record(value: bytes, reading: Reading, now_us: int) -> NewRecord:
    return NewRecord(reading.origin.key, value, now_us, reading.dedupe, reading)
