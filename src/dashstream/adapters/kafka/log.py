"""The fleet's log: the ``Log`` port over one topic of a Kafka.

::

    append ──► Appends ──► producer thread ──► broker ──► tail thread ──► Window ──► read_many, wait_beyond
                                                 └──────► readers ──────────────────► read, and read_many from afar

Offsets are sparse: transactions and compaction leave holes. A batch is not written as a whole (``atomic`` is False, see
``Appends``). The epoch is the topic's id. Retention is the broker's business.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import structlog

from dashstream.adapters.kafka.appends import Appends
from dashstream.adapters.kafka.heads import KafkaHeads
from dashstream.adapters.kafka.marks import Marks
from dashstream.adapters.kafka.options import MIB, KafkaOptions, check
from dashstream.adapters.kafka.producer import RecordProducer
from dashstream.adapters.kafka.reader import ReaderPool
from dashstream.adapters.kafka.tail import ENDS, Tail, TailBatch
from dashstream.adapters.kafka.topic import Topic, TopicLife
from dashstream.adapters.kafka.window import Window, size_of
from dashstream.engine.ports import Appended, LogPage, LogRecord, Metrics, NewRecord, NoMetrics, Watermark
from dashstream.engine.reading import Dedupe
from dashstream.engine.tail_metrics import TailMetrics
from dashstream.errors import LogClosedError, LogError, LogUnavailableError

log = structlog.get_logger(__name__)


LOOK_RECORDS, LOOK_BYTES = 5_000, 8 * MIB
"""Page of a look at what became of an append."""


class KafkaLog:
    """The ``Log`` port; ``open`` it. Belongs to one event loop."""

    dense = False
    atomic = False

    def __init__(
        self, options: KafkaOptions, topic: Topic, life: TopicLife, producer: RecordProducer, metrics: Metrics
    ) -> None:
        self._options = options
        self._topic = topic
        self._life = life
        self._loop = asyncio.get_running_loop()
        self._window = Window(options.tail_records, options.tail_bytes)
        self._metrics = TailMetrics(metrics)
        self._failure: LogError | None = None
        self._closed = False
        self.followed_from: Mapping[int, int] = {}
        """Where each partition ended when the log was opened: what is from there on, the log hands out by itself."""
        self._news = asyncio.Event()
        """Set, and replaced, when the tail has told something."""
        self._own_ends: dict[int, int] = {}
        self._appends = Appends(options, producer, self._ends, self._read_exactly, self._note_own)
        self._marks = Marks(topic, self._seen)
        self._readers = ReaderPool(options, self._marks)
        self._tail = Tail(options, topic, life, self, self._call, lambda: not self._window.is_full)

    @classmethod
    async def open(cls, options: KafkaOptions, metrics: Metrics | None = None) -> Self:
        """Connect, find the topic and begin to follow it at its end. ``metrics`` show what is held of it.

        Raises:
            SettingsError: the settings cannot work.
            NotFoundError: there is no such topic.
            LogError: the broker does not answer within the request timeout, or refuses.
        """
        check(options)
        topic = Topic(options)
        life = await asyncio.to_thread(topic.life)
        producer = RecordProducer(options, await asyncio.to_thread(topic.max_message_bytes))
        opened = cls(options, topic, life, producer, metrics or NoMetrics())
        opened.followed_from = {partition: mark.high for partition, mark in (await opened.watermarks()).items()}
        opened.begin(opened.followed_from)
        opened._tail.start(opened.followed_from)
        return opened

    @property
    def topic(self) -> str:
        return self._topic.name

    @property
    def epoch(self) -> str:
        return self._life.epoch

    @property
    def partition_count(self) -> int:
        return max(self._life.partition_count, len(self._window))

    async def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        """See ``Log.append``."""
        self._check_open()
        return await self._appends.append(records)

    def remember(self, dedupe: Dedupe) -> None:
        """A record with this identity was seen on the log: by whom it was written does not matter."""
        self._appends.dedupes.note_seen(dedupe)

    async def read(self, partition: int, offset: int, *, max_records: int, max_bytes: int) -> LogPage:
        """See ``Log.read``; exact: the end of the page is the log's end, not what the tail has seen of it."""
        self._check_open()
        if self._window.has_beyond(partition, offset):
            found, reached, _ = self._window.take(partition, offset, max_records, max_bytes)
            return LogPage(found, {partition: reached})
        return await self._readers.read(partition, offset, max_records=max_records, max_bytes=max_bytes)

    async def read_many(self, positions: Mapping[int, int], *, max_records: int, max_bytes: int) -> LogPage:
        """See ``Log.read_many``; the end is where the tail has got, what this process has appended included."""
        self._check_open()
        await self._catch_up_with_own(positions)
        self._note_passed(positions)
        records: list[LogRecord] = []
        reached = dict(positions)
        size = 0
        for partition, offset in positions.items():
            if records and (len(records) >= max_records or size >= max_bytes):
                break
            left_records, left_bytes = max_records - len(records), max_bytes - size
            if self._window.covers(partition, offset):
                found, reached[partition], took = self._window.take(partition, offset, left_records, left_bytes)
            else:
                found = await self._readers.read(partition, offset, max_records=left_records, max_bytes=left_bytes)
                reached.update(found.reached)
                took = sum(map(size_of, found))
            records += found
            size += took
        return LogPage(records, reached)

    async def watermarks(self) -> Mapping[int, Watermark]:
        """See ``Log.watermarks``; the request timeout holds for all partitions together."""
        self._check_open()
        return await self._marks.of(range(self.partition_count))

    def heads(self, *, budget_s: float) -> KafkaHeads:
        """Return who tells session heads of this topic, within a time."""
        return KafkaHeads(self._topic, lambda: self.partition_count, budget_s=budget_s)

    async def wait_beyond(self, positions: Mapping[int, int]) -> None:
        """See ``Log.wait_beyond``.

        Raises:
            LogError: the log cannot be followed now; call again. A ``LogEpochChangedError`` is the end of this log.
        """
        self._note_passed(positions)
        partitions = self.partition_count
        while True:
            self._check_open()
            if self._window.is_beyond(positions) or self.partition_count != partitions:
                return
            if self._failure is not None:
                raise self._failure.with_traceback(None)  # one error, raised again and again
            await self._news.wait()

    async def enforce_retention(self, now_us: int) -> int:  # noqa: ARG002  # a port's signature
        """See ``Log.enforce_retention``; the broker does it."""
        self._check_open()
        return 0

    async def close(self) -> None:
        """See ``Log.close``; takes some seconds at most, whatever the broker does."""
        if self._closed:
            return
        self._closed = True
        self._wake()
        self._tail.stop()
        timeout_s = self._options.close_timeout_s
        parts = (self._appends.close(timeout_s), self._readers.close(), asyncio.to_thread(self._tail.join, timeout_s))
        # Every part ends by its own timeouts; nobody waits for the last of them.
        await asyncio.wait([asyncio.ensure_future(part) for part in parts], timeout=2 * timeout_s + 1)

    def take(self, batch: TailBatch) -> None:
        """See ``TailSink.take``."""
        self._window.extend(batch.runs, batch.reached)
        self._show_held()
        self._wake()

    def begin(self, positions: Mapping[int, int]) -> None:
        """See ``TailSink.begin``."""
        for partition, offset in positions.items():
            self._window.begin(partition, offset)
        self._show_held()
        self._wake()

    def fail(self, error: LogError | None) -> None:
        """See ``TailSink.fail``."""
        self._failure = error
        self._wake()

    def _ends(self) -> Mapping[int, int]:
        """Return where the log ends at least, as far as the tail has seen."""
        return self._window.reached

    def _seen(self) -> Mapping[int, int]:
        """Like ``_ends``, of a log that is still the one we opened: another's ends are its own."""
        self._check_open()
        return self._window.reached

    async def _read_exactly(self, partition: int, offset: int) -> LogPage:
        return await self.read(partition, offset, max_records=LOOK_RECORDS, max_bytes=LOOK_BYTES)

    def _note_passed(self, positions: Mapping[int, int]) -> None:
        self._window.note_passed(positions)
        self._show_held()
        self._tail.make_room()

    def _show_held(self) -> None:
        self._metrics.show(self._window.records, self._window.bytes)

    async def _catch_up_with_own(self, positions: Mapping[int, int]) -> None:
        """Wait until the tail has come by what this process has appended: it is not the end otherwise."""
        if not self._is_behind_own(positions):
            return
        try:
            async with asyncio.timeout(self._options.request_timeout_s):
                while self._is_behind_own(positions):
                    await self._news.wait()
                    self._check_open()
        except TimeoutError as error:
            raise LogUnavailableError("cannot follow the log: what was appended does not come back") from error

    def _is_behind_own(self, positions: Mapping[int, int]) -> bool:
        """Say whether nothing is there to be read while own records are about to come."""
        if not self._own_ends or self._window.is_beyond(positions):
            return False
        return any(self._own_ends.get(partition, 0) > offset for partition, offset in positions.items())

    def _note_own(self, ends: Mapping[int, int]) -> None:
        for partition, end in ends.items():
            self._own_ends[partition] = max(end, self._own_ends.get(partition, 0))

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        """Run a function on the loop; called by the tail's thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended; nobody waits any more
            self._loop.call_soon_threadsafe(function, *arguments)

    def _check_open(self) -> None:
        if self._closed:
            raise LogClosedError("the log was closed")
        if isinstance(self._failure, ENDS):
            raise self._failure.with_traceback(None)
