"""Finds session heads: one batched question within one time budget, then again and again for what is missing.

Readiness waits for the budget at most, however many partitions there are. A question that failed, or that left
partitions out, is counted and asked again with growing pauses; how many heads are unknown, and how long the first
question took, can be seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from dashstream.engine.backoff import Backoff
from dashstream.engine.heads import Heads
from dashstream.engine.ports import Clock, Log, Metrics
from dashstream.errors import LogError


class HeadSource(Protocol):
    """Who knows how far partitions go. Both answers may leave out partitions that cannot be told now."""

    async def highs(self) -> Mapping[int, int]:
        """Return high watermarks, in one question for all partitions."""

    async def offsets_at(self, highs: Mapping[int, int], time_us: int) -> Mapping[int, int]:
        """Return the first offset of each partition that the log stamped at or after a time; its high if there is none.

        ``highs`` names the partitions and bounds the search.
        """


class LogHeads:
    """Heads from the log's own watermarks, and by bisection over the stamps of its records."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def highs(self) -> Mapping[int, int]:
        """See ``HeadSource.highs``."""
        return {partition: mark.high for partition, mark in (await self._log.watermarks()).items()}

    async def offsets_at(self, highs: Mapping[int, int], time_us: int) -> Mapping[int, int]:
        """See ``HeadSource.offsets_at``."""
        marks = await self._log.watermarks()
        return {
            partition: await self._first_since(partition, marks[partition].low, high, time_us)
            for partition, high in highs.items()
        }

    async def _first_since(self, partition: int, low: int, high: int, time_us: int) -> int:
        while low < high:
            middle = (low + high) // 2
            found = await self._log.read(partition, middle, max_records=1, max_bytes=1)
            if not found or found[0].offset >= high or found[0].timestamp_us >= time_us:
                high = middle
            else:
                low = found[0].offset + 1
        return low


class HeadFinder:
    """Keeps asking until every head is known."""

    def __init__(
        self,
        source: HeadSource,
        log: Log,
        clock: Clock,
        metrics: Metrics,
        *,
        budget_s: float,
        is_recreated: bool = False,
    ) -> None:
        """``is_recreated``: this log took the place of another one during the session, so it holds only what is new."""
        self._source = source
        self._log = log
        self._clock = clock
        self._budget_s = budget_s
        self._started_us = clock.now_us()
        self._backoff = Backoff()
        self._due: float | None = None
        self.heads = Heads(0 if is_recreated else log.partition_count)
        self._failed = metrics.counter(
            "dashstream_heads_queries_failed_total", "Questions for session heads that failed or left partitions out"
        )
        self._unresolved = metrics.gauge("dashstream_heads_unresolved", "Partitions whose session head is not known")
        self._took = metrics.gauge("dashstream_heads_duration_seconds", "How long the first question for heads took")

    @property
    def unresolved(self) -> int:
        """Partitions whose head is not known."""
        return len(self.heads.unresolved(self._log.partition_count))

    @property
    def wait_s(self) -> float | None:
        """Seconds until the next question is due, or None if there is nothing to ask."""
        return None if self._due is None else max(0.0, self._due - self._clock.monotonic())

    async def start(self) -> None:
        """Ask for all heads; returns within the budget, whatever the log does."""
        began = self._clock.monotonic()
        self.note_growth()
        try:
            async with asyncio.timeout(self._budget_s):
                self.heads.found_at_start(await self._source.highs())
        except (TimeoutError, LogError):
            pass  # what is missing is counted and asked for again
        self._took.set(self._clock.monotonic() - began)
        self._plan()

    async def retry(self) -> None:
        """Ask for what is missing; never raises what the log raises."""
        try:
            async with asyncio.timeout(self._budget_s):
                await self._find_late()
        except (TimeoutError, LogError):
            pass  # as above
        self._plan()

    def note_growth(self) -> None:
        """Learn of partitions that came into being during the session."""
        self.heads.note_growth(self._log.partition_count)

    def adopt(self, partition: int, head: int) -> None:
        """The group has a head for this partition."""
        self.heads.adopt(partition, head)
        if not self.unresolved:
            self._plan()

    async def _find_late(self) -> None:
        missing = set(self.heads.unresolved(self._log.partition_count))
        highs = {p: high for p, high in (await self._source.highs()).items() if p in missing}
        if highs:
            self.heads.found_late(highs, await self._source.offsets_at(highs, self._started_us))

    def _plan(self) -> None:
        unresolved = self.unresolved
        self._unresolved.set(unresolved)
        if unresolved:
            self._failed.inc()
            self._due = self._clock.monotonic() + self._backoff.next_delay()
        else:
            self._due = None
            self._backoff.reset()
