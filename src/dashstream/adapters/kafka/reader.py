"""Readers: a few clients that read older records for replays, each in a thread of its own while it reads.

A reader stays where it stopped, with what it has fetched ahead. The next page of the same replay finds it there, so a
long replay is one stream to the broker, not one request a page.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from time import monotonic
from typing import cast

from confluent_kafka import Consumer, KafkaException, TopicPartition

from dashstream.adapters.kafka.errors import END_OF_PARTITION, OUT_OF_RANGE, error_of, translated
from dashstream.adapters.kafka.marks import Marks
from dashstream.adapters.kafka.options import KafkaOptions, client_log, reading_config
from dashstream.adapters.kafka.tail import record_of
from dashstream.adapters.kafka.window import size_of
from dashstream.engine.ports import LogPage, LogRecord
from dashstream.errors import LogUnavailableError, OffsetOutOfRangeError

FETCH_RECORDS = 2_000
"""Most records taken from the client at once."""

END_IS_TOLD_MS = 50
"""How long the end of a partition takes to be told: it is when a fetch comes back empty."""


class Reader:
    """One client with one thread: pages asked for at once are read one after another, even when nobody waits."""

    def __init__(self, options: KafkaOptions) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dashstream-kafka-reader")
        self._options = options
        self._consumer: Consumer | None = None
        self._ahead: deque[LogRecord] = deque()
        self._fetched = 0
        self.partition = -1
        self.offset = -1
        self.known_high = -1

    def is_at(self, partition: int, offset: int) -> bool:
        """Say whether the next page from here continues the last one."""
        return (partition, offset) == (self.partition, self.offset)

    async def read(self, partition: int, offset: int, high: int, max_records: int, max_bytes: int) -> LogPage:
        """Return records from an offset below ``high`` on, at least one if there is one up to there.

        After a failure the next page has a new client: one whose broker was killed may stay mute for good.

        Raises:
            KafkaException: the client broke.
            LogError: nothing came in time.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._page, partition, offset, high, max_records, max_bytes)

    async def close(self) -> None:
        """Finish the page that is being read, then let the client go."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        self._thread.shutdown(wait=False)

    def _page(self, partition: int, offset: int, high: int, max_records: int, max_bytes: int) -> LogPage:
        try:
            page = self._collect(partition, offset, high, max_records, max_bytes)
        except (KafkaException, LogUnavailableError):
            self._let_go()
            raise
        if self._fetched >= high and not self._ahead:
            self._rest()
        return page

    def _collect(self, partition: int, offset: int, high: int, max_records: int, max_bytes: int) -> LogPage:
        consumer = self._at(partition, offset, high)
        deadline = monotonic() + self._options.request_timeout_s
        found: list[LogRecord] = []
        size = 0
        while True:
            while self._ahead:
                size += size_of(self._ahead[0])
                if found and (len(found) >= max_records or size > max_bytes):
                    self.offset = found[-1].offset + 1
                    return LogPage(found, {partition: self.offset})
                found.append(self._ahead.popleft())
            if found or self._fetched >= high:
                self.offset = max(self._fetched, offset)
                return LogPage(found, {partition: self.offset})
            if (left := deadline - monotonic()) <= 0:
                raise LogUnavailableError(f"cannot read partition {partition} from {offset}: no answer")
            self._fetch(consumer, left)

    def _rest(self) -> None:
        """Fetch nothing ahead: what comes next is read from the tail."""
        self.partition = -1
        if self._consumer is not None:
            self._consumer.unassign()

    def _let_go(self) -> None:
        consumer, self._consumer, self.partition = self._consumer, None, -1
        self._ahead.clear()
        if consumer is not None:
            consumer.close()

    def _at(self, partition: int, offset: int, high: int) -> Consumer:
        """Return the client, placed at an offset."""
        self.known_high = high
        if self._consumer is None:
            self._consumer = Consumer(reading_config(self._options, fetch_wait_ms=END_IS_TOLD_MS), logger=client_log())
        if not self.is_at(partition, offset):
            self._ahead.clear()
            self.partition, self.offset, self._fetched = partition, offset, offset
            self._consumer.assign([TopicPartition(self._options.topic, partition, offset)])
        return self._consumer

    def _fetch(self, consumer: Consumer, timeout_s: float) -> None:
        for message in consumer.consume(1, timeout_s) + consumer.consume(FETCH_RECORDS, 0):
            error = message.error()
            if error is None:
                record = record_of(message)
                self._ahead.append(record)
                self._fetched = record.offset + 1
            elif error.code() == END_OF_PARTITION:
                self._fetched = max(self._fetched, cast("int", message.offset()))
            else:
                raise KafkaException(error)


class ReaderPool:
    """Hands a page's reading to the reader that is where the page begins, or to the one idle longest."""

    def __init__(self, options: KafkaOptions, marks: Marks) -> None:
        self._marks = marks
        self._readers = [Reader(options) for _ in range(options.readers)]
        self._idle = list(self._readers)
        self._free = asyncio.Semaphore(options.readers)

    async def read(self, partition: int, offset: int, *, max_records: int, max_bytes: int) -> LogPage:
        """See ``Log.read``; exact up to the high watermark as of now, or as of when the reader came here."""
        async with self._reader_at(partition, offset) as reader:
            high = reader.known_high if reader.is_at(partition, offset) else -1
            if offset >= high:
                high = await self._high_above(partition, offset)
            if offset >= high:
                return LogPage([], {partition: offset})
            try:
                return await reader.read(partition, offset, high, max_records, max_bytes)
            except KafkaException as exception:
                error = error_of(exception)
                if error.code() in OUT_OF_RANGE:  # retention was faster
                    await self._high_above(partition, offset)
                raise translated(error, f"read partition {partition} from {offset}") from exception

    async def close(self) -> None:
        """Let all clients go, when they have read what they are reading."""
        await asyncio.gather(*(reader.close() for reader in self._readers))

    async def _high_above(self, partition: int, offset: int) -> int:
        """Return the high watermark; refuse an offset below the low one."""
        mark = (await self._marks.of([partition]))[partition]
        if offset < mark.low:
            raise OffsetOutOfRangeError(partition=partition, offset=offset, low=mark.low)
        return mark.high

    @asynccontextmanager
    async def _reader_at(self, partition: int, offset: int) -> AsyncIterator[Reader]:
        async with self._free:
            reader = next((idle for idle in self._idle if idle.is_at(partition, offset)), self._idle[0])
            self._idle.remove(reader)
            try:
                yield reader
            finally:
                self._idle.append(reader)
