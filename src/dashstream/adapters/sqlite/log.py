"""The embedded log: the ``Log`` port over one SQLite file that several processes can read.

One thread writes (``log_writer``), a few read, the event loop never waits for the disk. Appends by this
process wake waiting readers at once; appends by others are seen by polling SQLite's data version, which costs
microseconds and touches no disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from dashstream.adapters.sqlite import log_store as store
from dashstream.adapters.sqlite.log_tail import LogTail, Piece
from dashstream.adapters.sqlite.log_writer import LogWriter, Outcome
from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import Appended, LogPage, LogRecord, Metrics, NewRecord, NoMetrics, Watermark
from dashstream.errors import LogClosedError, LogError

T = TypeVar("T")

READER_THREADS = 2
"""One for the tail and one for replays: a long replay does not hold up live delivery."""


class SqliteLog:
    """The ``Log`` port; ``open`` it in a thread that may block."""

    dense = True
    atomic = True

    def __init__(self, path: Path, limits: LogLimits, metrics: Metrics, *, read_only: bool, topic: str) -> None:
        self._path = path
        self._limits = limits
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._appended = asyncio.Event()
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._connections_lock = threading.Lock()
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(self._connect(read_only=False)) as connection:
                store.create(connection, topic=topic, partition_count=limits.partitions)
        self._watcher = self._connect(read_only=True)
        try:
            self._identity = store.identity(self._watcher)
            self._seen_version = store.data_version(self._watcher)
            self._highs = {p: mark.high for p, mark in store.watermarks(self._watcher).items()}
            self._tail = LogTail(limits.tail_bytes, self._highs, metrics)
        except BaseException:
            self._watcher.close()
            raise
        self._readers = ThreadPoolExecutor(READER_THREADS, thread_name_prefix="dashstream-log-reader")
        self._writer = None if read_only else LogWriter(path, limits, self._identity.partition_count, self._settled)

    @classmethod
    def open(
        cls,
        path: Path,
        limits: LogLimits | None = None,
        *,
        read_only: bool = False,
        topic: str = "dashstream",
        metrics: Metrics | None = None,
    ) -> SqliteLog:
        """Open a log, creating it if it is not there and may be written. ``metrics`` show its tail.

        Raises:
            NotFoundError: there is no log to read.
            LogCorruptError: the file is damaged, not a log, or of a newer format.
            LogFullError: no space to create it.
        """
        return cls(path, limits or LogLimits(), metrics or NoMetrics(), read_only=read_only, topic=topic)

    @property
    def topic(self) -> str:
        return self._identity.topic

    @property
    def epoch(self) -> str:
        return self._identity.epoch

    @property
    def partition_count(self) -> int:
        return self._identity.partition_count

    async def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        """See ``Log.append``. A cancelled caller does not undo its batch."""
        self._check_open()
        if self._writer is None:
            raise LogError("the log was opened for reading only")
        self._loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Appended]] = self._loop.create_future()
        self._writer.append(records, answer)
        return await answer

    async def read(self, partition: int, offset: int, *, max_records: int, max_bytes: int) -> LogPage:
        """See ``Log.read``."""
        return await self.read_many({partition: offset}, max_records=max_records, max_bytes=max_bytes)

    async def read_many(self, positions: Mapping[int, int], *, max_records: int, max_bytes: int) -> LogPage:
        """See ``Log.read_many``."""
        self._check_open()
        if page := self._tail.read(positions, max_records, max_bytes):
            return page
        return await self._in_reader(lambda connection: _read_many(connection, positions, max_records, max_bytes))

    async def watermarks(self) -> Mapping[int, Watermark]:
        """See ``Log.watermarks``."""
        return await self._in_reader(store.watermarks)

    async def wait_beyond(self, positions: Mapping[int, int]) -> None:
        """See ``Log.wait_beyond``."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._check_open()
            if any(self._highs.get(partition, 0) > offset for partition, offset in positions.items()):
                return
            if not await self._wait_for_own_append():
                await self._look_for_other_appends()

    async def enforce_retention(self, now_us: int) -> int:
        """See ``Log.enforce_retention``."""
        self._check_open()
        if self._writer is None:
            raise LogError("the log was opened for reading only")
        removed = await asyncio.wrap_future(self._writer.retain(now_us))
        if removed:
            for partition, mark in (await self.watermarks()).items():
                self._tail.trim(partition, mark.low)
        return removed

    async def close(self) -> None:
        """See ``Log.close``."""
        if self._closed:
            return
        self._closed = True
        self._appended.set()
        await asyncio.to_thread(self._close_blocking)

    def _close_blocking(self) -> None:
        self._readers.shutdown(wait=True)
        for connection in [self._watcher, *self._connections]:
            connection.close()
        if self._writer is not None:  # last, so that its connection can fold the WAL into the file
            self._writer.stop()

    async def _wait_for_own_append(self) -> bool:
        self._appended.clear()
        try:
            async with asyncio.timeout(self._limits.poll_interval_s):
                await self._appended.wait()
        except TimeoutError:
            return False
        return True

    async def _look_for_other_appends(self) -> None:
        if self._closed or (version := store.data_version(self._watcher)) == self._seen_version:
            return
        for partition, mark in (await self.watermarks()).items():
            self._highs[partition] = max(self._highs[partition], mark.high)
        self._seen_version = version  # not before: a waiter that is cancelled here must not have seen it for the others

    def _settled(self, written: Mapping[int, Piece], outcomes: Sequence[Outcome]) -> None:
        """Runs on the writer's thread. Calls each event loop once: the one that owns the tail, and any other's own."""
        owner = self._loop
        by_loop: dict[asyncio.AbstractEventLoop | None, list[Outcome]] = {owner: []}
        for outcome in outcomes:
            by_loop.setdefault(outcome[0].get_loop(), []).append(outcome)
        for loop, answered in by_loop.items():
            if loop is not None:
                with contextlib.suppress(RuntimeError):  # the loop has ended; nobody waits there any more
                    loop.call_soon_threadsafe(self._settle, written if loop is owner else {}, answered)

    def _settle(self, written: Mapping[int, Piece], outcomes: Sequence[Outcome]) -> None:
        for answer, outcome in outcomes:  # first, so that they stand whatever follows; who waits runs after it all
            if answer.cancelled():
                continue
            if isinstance(outcome, LogError):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
        if written:
            self._advance(written)

    def _advance(self, written: Mapping[int, Piece]) -> None:
        for partition, piece in written.items():
            self._tail.add(partition, piece)
            self._highs[partition] = piece.records[-1].offset + 1
        self._appended.set()

    async def _in_reader(self, job: Callable[[sqlite3.Connection], T]) -> T:
        self._check_open()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: job(self._thread_connection()))

    def _thread_connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect(read_only=True)
            self._local.connection = connection
            with self._connections_lock:
                self._connections.append(connection)
        return connection

    def _connect(self, *, read_only: bool) -> sqlite3.Connection:
        return store.connect(self._path, read_only=read_only, busy_timeout_s=self._limits.busy_timeout_s)

    def _check_open(self) -> None:
        if self._closed:
            raise LogClosedError("the log was closed")


def _read_many(
    connection: sqlite3.Connection, positions: Mapping[int, int], max_records: int, max_bytes: int
) -> LogPage:
    found: list[LogRecord] = []
    reached = dict(positions)
    for partition, offset in positions.items():
        page, reached[partition], size = store.read(
            connection, partition, offset, max_records=max_records - len(found), max_bytes=max_bytes
        )
        found += page
        max_bytes -= size
        if len(found) >= max_records or max_bytes <= 0:
            break
    return LogPage(found, reached)
