"""The writer of the retained tier: takes what was ingested, never holds ingest up, and owns some partitions.

``offer`` neither waits nor raises. What it takes waits in a bounded queue per partition; each owned partition has a
task that claims it, writes runs of records in order, and now and then removes what is too old, which is also how an
idle partition notices that the store is gone or back.

A failed write is tried again, some times and with growing delay; then the batch is given up. When the queue is full,
the oldest records of the longest lane go, for the newest are what a reader comes for. Whatever was not written needs
no bookkeeping: the next run begins behind it and so says, in the store, that there is a hole, and readers get that
range from the log. A store that is absent is tried again for ever.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence

import structlog

from dashstream.engine.backoff import Backoff, BackoffLimits
from dashstream.engine.ports import Clock, LogRecord, Metrics
from dashstream.engine.retained import Claim, Held, RetainedLimits, RetainedStore, Run, record_bytes
from dashstream.errors import RetainedError, RetainedFencedError

_log = structlog.get_logger(__name__)

OUTCOMES = ("written", "too_large", "overflowed", "failed")
"""Closed set of what becomes of a record of an owned partition."""
FAILURES = ("fenced", "error")
"""Closed set of why an operation on the store did not succeed."""

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_OVERFLOW_SHARE = 16
"""When the queue is full, a sixteenth of the longest lane goes at once: finding that lane is not free."""


class _Lane:
    """What waits for one owned partition. ``held`` is what the store said last, None before that."""

    def __init__(self, partition: int, limits: RetainedLimits, backoff: Backoff) -> None:
        self.partition = partition
        self.claim: Claim | None = None
        self.held: Held | None = None
        self.backoff = backoff
        self.attempts = 0
        self.trimmed_at = float("-inf")
        self.filled = asyncio.Event()
        self.bytes = 0
        self._limits = limits
        self._waiting: deque[tuple[int, LogRecord]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, since: int, record: LogRecord) -> None:
        self._waiting.append((since, record))
        self.bytes += record_bytes(record)
        self.filled.set()

    def drop(self, count: int) -> int:
        """Let the oldest records go; return how many."""
        count = min(count, len(self._waiting))
        for _ in range(count):
            self.bytes -= record_bytes(self._waiting.popleft()[1])
        return count

    def take(self) -> Run:
        """Take the next run, within the bounds of a batch."""
        start, record = self._waiting.popleft()
        records, size = [record], record_bytes(record)
        while self._waiting and len(records) < self._limits.batch_records:
            since, record = self._waiting[0]
            if since != records[-1].offset + 1 or size + record_bytes(record) > self._limits.batch_bytes:
                break
            self._waiting.popleft()
            records.append(record)
            size += record_bytes(record)
        self.bytes -= size
        return Run(start, tuple(records))

    def put_back(self, run: Run) -> None:
        """Let a run be the next one again."""
        starts = [run.start, *(record.offset + 1 for record in run.records[:-1])]
        self._waiting.extendleft(reversed(list(zip(starts, run.records, strict=True))))
        self.bytes += sum(map(record_bytes, run.records))


class _Meters:
    """What is counted about the writing."""

    def __init__(self, metrics: Metrics) -> None:
        self.records = metrics.counter(
            "dashstream_retained_records_total",
            "Records of owned partitions, by what became of them in the retained tier",
            {"outcome": OUTCOMES},
        )
        self.holes = metrics.counter(
            "dashstream_retained_holes_total", "Holes left in the retained tier; readers go to the log for them"
        )
        self.failures = metrics.counter(
            "dashstream_retained_failures_total", "Operations of the writer that failed", {"reason": FAILURES}
        )
        self.queue_records = metrics.gauge("dashstream_retained_queue_records", "Records waiting to be retained")
        self.queue_bytes = metrics.gauge("dashstream_retained_queue_bytes", "Bytes waiting to be retained")
        self.latency = metrics.histogram(
            "dashstream_retained_write_seconds", "Time of one write to the retained tier", LATENCY_BUCKETS
        )
        self.degraded = metrics.gauge(
            "dashstream_retained_degraded", "1 while the retained tier cannot be written, for any owned partition"
        )
        self.last_write = metrics.gauge(
            "dashstream_retained_last_write_timestamp_seconds", "When a write to the retained tier last succeeded"
        )


class Retainer:
    """Writes the owned partitions of one log to the retained tier. Belongs to one event loop."""

    def __init__(
        self,
        store: RetainedStore,
        epoch: str,
        limits: RetainedLimits,
        clock: Clock,
        metrics: Metrics,
        backoff: BackoffLimits | None = None,
    ) -> None:
        self._store = store
        self._epoch = epoch
        self._limits = limits
        self._clock = clock
        self._backoff = backoff or BackoffLimits()
        self._meters = _Meters(metrics)
        self._meters.degraded.set(0)
        self._lanes: dict[int, _Lane] = {}
        self._ends: dict[int, int] = {}
        self._failing: set[int] = set()
        self._slots = asyncio.Semaphore(limits.concurrent_writes)
        self._changed = asyncio.Event()

    @property
    def is_degraded(self) -> bool:
        """Whether some owned partition cannot be written now."""
        return bool(self._failing)

    @property
    def waiting_records(self) -> int:
        """Records in the queue."""
        return sum(map(len, self._lanes.values()))

    @property
    def waiting_bytes(self) -> int:
        """Bytes in the queue."""
        return sum(lane.bytes for lane in self._lanes.values())

    @property
    def held(self) -> Mapping[int, Held]:
        """What the store said last about each owned partition; those it said nothing about are left out."""
        return {partition: lane.held for partition, lane in self._lanes.items() if lane.held is not None}

    def own(self, partitions: Collection[int]) -> None:
        """Own these partitions from now on, and no others; what waits for others is left to their owners."""
        for partition in self._lanes.keys() - set(partitions):
            del self._lanes[partition]
            self._ends.pop(partition, None)  # what comes meanwhile may not be offered here
            self._failing.discard(partition)
        for partition in set(partitions) - self._lanes.keys():
            self._lanes[partition] = _Lane(partition, self._limits, Backoff(self._backoff))
        self._note_state()
        self._changed.set()

    def offer(self, records: Sequence[LogRecord]) -> None:
        """Take records as they are ingested, all of a partition in its order; never waits, never raises."""
        for record in records:
            since = self._ends.get(record.partition, record.offset)
            self._ends[record.partition] = record.offset + 1
            lane = self._lanes.get(record.partition)
            if lane is None:
                continue
            if record_bytes(record) > self._limits.max_entry_bytes:
                self._meters.records.inc(outcome="too_large")
            else:
                lane.add(since, record)
        self._bound()
        self._note_state()

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as group:
            tasks: dict[_Lane, asyncio.Task[None]] = {}
            while True:
                self._changed.clear()
                lanes = set(self._lanes.values())
                for lane in tasks.keys() - lanes:
                    tasks.pop(lane).cancel()
                for lane in lanes - tasks.keys():
                    tasks[lane] = group.create_task(self._serve(lane))
                await self._changed.wait()

    def _bound(self) -> None:
        records, size = self.waiting_records, self.waiting_bytes
        while records > self._limits.queue_records or size > self._limits.queue_bytes:
            longest = max(self._lanes.values(), key=lambda lane: lane.bytes)
            dropped = longest.drop(1 + len(longest) // _OVERFLOW_SHARE)
            self._meters.records.inc(dropped, outcome="overflowed")
            records, size = self.waiting_records, self.waiting_bytes

    async def _serve(self, lane: _Lane) -> None:
        """Bring one partition up to date, for ever."""
        while True:
            try:
                async with self._slots:
                    await self._step(lane)
            except RetainedError as error:
                await asyncio.sleep(self._failed(lane, error))
            else:
                self._succeeded(lane)
                await self._until_due(lane)

    async def _step(self, lane: _Lane) -> None:
        """Do the one thing that is due: claim, trim or write."""
        if lane.claim is None:
            lane.claim = await self._store.claim(lane.partition, self._epoch, self._clock.now_us())
        elif self._is_trim_due(lane) or not len(lane):
            oldest_us = self._clock.now_us() - int(self._limits.age_s * 1e6)
            lane.held = await self._store.trim(lane.claim, oldest_us)
            lane.trimmed_at = self._clock.monotonic()
        else:
            await self._write(lane, lane.claim)

    async def _write(self, lane: _Lane, claim: Claim) -> None:
        run = lane.take()
        began = self._clock.monotonic()
        try:
            held = await self._store.write(claim, run)
        except RetainedError:
            lane.attempts += 1
            if lane.attempts < self._limits.write_attempts:
                lane.put_back(run)
            else:
                lane.attempts = 0
                self._meters.records.inc(len(run.records), outcome="failed")
            raise
        except asyncio.CancelledError:
            lane.put_back(run)
            raise
        if lane.held is not None and held.holes > lane.held.holes:
            self._meters.holes.inc(held.holes - lane.held.holes)
        lane.held = held
        lane.attempts = 0
        self._meters.records.inc(len(run.records), outcome="written")
        self._meters.latency.observe(self._clock.monotonic() - began)
        self._meters.last_write.set(self._clock.now_us() / 1e6)

    def _is_trim_due(self, lane: _Lane) -> bool:
        return self._clock.monotonic() - lane.trimmed_at >= self._limits.trim_interval_s

    async def _until_due(self, lane: _Lane) -> None:
        """Wait until there is something to write, or it is time to trim."""
        if len(lane):
            return
        lane.filled.clear()
        try:
            async with asyncio.timeout(self._limits.trim_interval_s):
                await lane.filled.wait()
        except TimeoutError:
            return

    def _succeeded(self, lane: _Lane) -> None:
        lane.backoff.reset()
        if lane.partition in self._failing:
            self._failing.discard(lane.partition)
            _log.info("retained_tier_recovered", partition=lane.partition)
        self._note_state()

    def _failed(self, lane: _Lane, error: RetainedError) -> float:
        """Note a failure; return how long to wait. Who was superseded waits longest: it may not know better yet."""
        delay = lane.backoff.next_delay()
        reason = "error"
        if isinstance(error, RetainedFencedError):
            reason = "fenced"
            lane.claim = lane.held = None
            if error.newest is not None:
                delay = self._backoff.longest_s
        self._meters.failures.inc(reason=reason)
        if lane.partition not in self._failing and self._lanes.get(lane.partition) is lane:
            self._failing.add(lane.partition)
            _log.warning("retained_tier_failing", partition=lane.partition, error=str(error))
        self._note_state()
        return delay

    def _note_state(self) -> None:
        self._meters.queue_records.set(self.waiting_records)
        self._meters.queue_bytes.set(self.waiting_bytes)
        self._meters.degraded.set(int(self.is_degraded))
