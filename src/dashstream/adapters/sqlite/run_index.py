"""The run index on SQLite: a ``RunIndex``, a ``FoldStore`` and a ``RunLocator`` over one file.

One thread folds and one thread reads, each with its own connection (WAL lets a reader see the last commit
while the writer works), so the event loop never waits for the disk and a long fold never delays an answer.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from dashstream.adapters.sqlite import index_queries as ask
from dashstream.adapters.sqlite.index_fold import IndexWriter
from dashstream.adapters.sqlite.index_tables import open_index, open_reader
from dashstream.adapters.sqlite.state_places import location, state_places
from dashstream.adapters.sqlite.thread_places import thread_places
from dashstream.engine.index_limits import IndexLimits
from dashstream.engine.ports import Log, LogRecord, RunLocation, ThreadPlaces, Watermark
from dashstream.engine.run_index import (
    RecordEntry,
    RecordQuery,
    RunPage,
    RunQuery,
    StatePlaces,
)
from dashstream.engine.runs import Run
from dashstream.engine.schemas import ObservedSchema
from dashstream.errors import RunIndexError
from dashstream.protocol.framing import Limits
from dashstream.protocol.position import NOW, RunMoment

P = ParamSpec("P")
T = TypeVar("T")


class SqliteRunIndex:
    """Answers about runs, and keeps the fold they come from. Open it with :meth:`open`."""

    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection, fold: IndexWriter) -> None:
        self._writer_connection = writer
        self._reader_connection = reader
        self._fold = fold
        self._writer = ThreadPoolExecutor(1, "index-fold")
        self._reader = ThreadPoolExecutor(1, "index-read")

    @classmethod
    async def open(cls, path: Path, log: Log, limits: Limits, bounds: IndexLimits) -> SqliteRunIndex:
        """Open the index of a log; a file that does not fit the log is replaced by an empty one.

        Raises:
            RunIndexError: the file cannot be opened or made.
        """
        marks = await log.watermarks()
        return await asyncio.to_thread(cls._open, path, log.epoch, marks, limits, bounds)

    @classmethod
    def _open(
        cls,
        path: Path,
        epoch: str,
        marks: Mapping[int, Watermark],
        limits: Limits,
        bounds: IndexLimits,
    ) -> SqliteRunIndex:
        try:
            writer = open_index(path, epoch, marks)
            return cls(writer, open_reader(path), IndexWriter(writer, limits, bounds.cached_runs))
        except sqlite3.Error as error:
            raise RunIndexError(f"{path}: {error}") from error

    async def close(self) -> None:
        """Finish what runs, then close the file."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._reader.shutdown()
        self._reader_connection.close()
        self._writer_connection.close()

    @property
    def version(self) -> str:
        """Changes whenever any answer may change."""
        return self._fold.version

    async def positions(self) -> Mapping[int, int]:
        return await self._run(self._writer, self._fold.positions)

    async def apply(self, records: Sequence[LogRecord]) -> None:
        await self._run(self._writer, self._fold.apply, records)

    async def trim(self, marks: Mapping[int, Watermark]) -> None:
        await self._run(self._writer, self._fold.trim, marks)

    async def runs(self, query: RunQuery) -> RunPage:
        version = self.version
        return await self._ask(ask.runs, query, version)

    async def run(self, run_id: str) -> Run | None:
        return await self._ask(ask.run, run_id)

    async def resumed_by(self, run_id: str) -> str | None:
        return await self._ask(ask.resumed_by, run_id)

    async def records(self, query: RecordQuery) -> list[RecordEntry]:
        return await self._ask(ask.records, query)

    async def state_places(self, run_id: str, ns: str, sequence: int | None) -> StatePlaces | None:
        return await self._ask(state_places, run_id, ns, sequence)

    async def previous_transition(self, run_id: str, ns: str, sequence: int) -> int | None:
        return await self._ask(ask.previous_transition, run_id, ns, sequence)

    async def namespaces(self, run_id: str) -> list[str]:
        return await self._ask(ask.namespaces, run_id)

    async def schema(self, graph_id: str) -> ObservedSchema | None:
        return await self._ask(ask.schema, graph_id)

    async def schemas(self) -> list[ObservedSchema]:
        return await self._ask(ask.schemas)

    async def locate(
        self, run_id: str, at: RunMoment = NOW, tenants: Collection[str] | None = None
    ) -> RunLocation | None:
        """Return where a run is on the log, and its last whole state at or before a moment."""
        return await self._ask(location, run_id, at, tenants)

    async def locate_threads(self, after: Mapping[str, int], tenants: Collection[str] | None) -> ThreadPlaces:
        """Return where threads go on after these sequences; runs of other tenants count as not there."""
        return await self._ask(thread_places, after, tenants)

    async def _ask(
        self,
        question: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await self._run(self._reader, question, self._reader_connection, *args, **kwargs)

    @staticmethod
    async def _run(executor: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(executor, lambda: work(*args, **kwargs))
        except sqlite3.Error as error:
            raise RunIndexError(str(error)) from error
