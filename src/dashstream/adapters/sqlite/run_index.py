"""The run index on SQLite: a ``RunIndex``, a ``FoldStore`` and a ``RunLocator`` over one file.

A process of its own folds and a thread reads, each with its own connection (WAL lets a reader see the last commit
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
from dashstream.adapters.sqlite.fold_process import FoldProcess
from dashstream.adapters.sqlite.fold_thread import FoldThread
from dashstream.adapters.sqlite.index_tables import open_reader
from dashstream.adapters.sqlite.state_places import location, state_places
from dashstream.adapters.sqlite.thread_places import thread_places
from dashstream.engine.index_limits import IndexLimits
from dashstream.engine.ports import Log, LogRecord, Metrics, NoMetrics, RunLocation, ThreadPlaces, Watermark
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

    def __init__(self, fold: FoldProcess | FoldThread, reader: sqlite3.Connection) -> None:
        self._fold = fold
        self._connection = reader
        self._reader = ThreadPoolExecutor(1, "index-read")

    @classmethod
    async def open(
        cls, path: Path, log: Log, limits: Limits, bounds: IndexLimits, metrics: Metrics | None = None
    ) -> SqliteRunIndex:
        """Open the index of a log; a file that does not fit the log is replaced by an empty one.

        Raises:
            RunIndexError: the file cannot be opened or made.
        """
        marks = await log.watermarks()
        fold: FoldProcess | FoldThread
        if bounds.own_process:
            fold = await FoldProcess.open(path, log.epoch, marks, limits, bounds, metrics or NoMetrics())
        else:
            fold = await FoldThread.open(path, log.epoch, marks, limits, bounds)
        try:
            return cls(fold, await asyncio.to_thread(open_reader, path))
        except BaseException as error:
            await fold.close()
            if isinstance(error, sqlite3.Error):
                raise RunIndexError(f"{path}: {error}") from error
            raise

    async def close(self) -> None:
        """Finish what runs, then close the file."""
        await asyncio.to_thread(self._reader.shutdown)
        self._connection.close()
        await self._fold.close()  # last, so that it can fold the WAL into the file

    @property
    def folding_pid(self) -> int | None:
        """The process that folds now; None where a thread does, or while there is none."""
        return self._fold.pid if isinstance(self._fold, FoldProcess) else None

    @property
    def version(self) -> str:
        """Changes whenever any answer may change."""
        return self._fold.version

    async def positions(self) -> Mapping[int, int]:
        return await self._fold.positions()

    async def apply(self, records: Sequence[LogRecord]) -> None:
        await self._fold.apply(records)

    async def trim(self, marks: Mapping[int, Watermark]) -> None:
        await self._fold.trim(marks)

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
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._reader, lambda: question(self._connection, *args, **kwargs))
        except sqlite3.Error as error:
            raise RunIndexError(str(error)) from error
