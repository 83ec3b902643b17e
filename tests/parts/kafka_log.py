"""Opening and following a Kafka log in tests, as the gateway's pump does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from dashstream.adapters.kafka.log import KafkaLog
from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.engine.ports import LogRecord, Metrics
from dashstream.errors import LogError, OffsetOutOfRangeError
from parts.kafka import KafkaTopic

WAIT_S = 30.0


def options_for(topic: KafkaTopic, **given: Any) -> KafkaOptions:
    """Return options for a topic, with quick reactions."""
    return KafkaOptions(
        **{"bootstrap": (topic.broker.bootstrap,), "topic": topic.name, "check_interval_s": 0.5, **given}
    )


@asynccontextmanager
async def opened(topic: KafkaTopic, metrics: Metrics | None = None, **given: Any) -> AsyncIterator[KafkaLog]:
    """A log on a topic, closed in the end."""
    log = await KafkaLog.open(options_for(topic, **given), metrics)
    try:
        yield log
    finally:
        await log.close()


@dataclass
class Follower:
    """Follows a log from given positions; a retryable error is tried again, as a supervisor does."""

    log: KafkaLog
    positions: dict[int, int]
    records: list[LogRecord] = field(default_factory=list)
    holes: list[tuple[int, int, int]] = field(default_factory=list)
    errors: list[LogError] = field(default_factory=list)

    @classmethod
    async def at_low(cls, log: KafkaLog) -> Follower:
        """A follower that reads everything."""
        return cls(log, {partition: mark.low for partition, mark in (await log.watermarks()).items()})

    @property
    def values(self) -> list[bytes | None]:
        """What was read, in order."""
        return [record.value for record in self.records]

    async def until(self, enough: Callable[[], bool]) -> None:
        """Follow until the test has what it waits for."""
        async with asyncio.timeout(WAIT_S):
            while not enough():
                try:
                    await self.step()
                except LogError as error:
                    self.errors.append(error)
                    if not error.retryable:
                        raise
                    await asyncio.sleep(0)

    async def step(self) -> None:
        """Take one page."""
        for partition in range(self.log.partition_count):
            self.positions.setdefault(partition, 0)
        await self.log.wait_beyond(self.positions)
        try:
            page = await self.log.read_many(self.positions, max_records=1_000, max_bytes=1 << 20)
        except OffsetOutOfRangeError as error:
            self.holes.append((error.partition, error.offset, error.low))
            self.positions[error.partition] = error.low
            return
        for record in page:
            assert record.offset >= self.positions[record.partition], "a record was delivered twice"
            self.positions[record.partition] = record.offset + 1
        self.records += page
        for partition, offset in page.reached.items():
            assert offset >= self.positions[partition]
            self.positions[partition] = offset
