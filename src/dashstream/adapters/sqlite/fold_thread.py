"""Folding in a thread of the gateway's own process: for a machine on which a second process is one too many."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from dashstream.adapters.sqlite.index_fold import IndexWriter
from dashstream.adapters.sqlite.index_tables import open_index
from dashstream.engine.index_limits import IndexLimits
from dashstream.engine.ports import LogRecord, Watermark
from dashstream.errors import RunIndexError
from dashstream.protocol.framing import Limits

P = ParamSpec("P")
T = TypeVar("T")


class FoldThread:
    """The one thread that writes an index file. Use :meth:`open`."""

    def __init__(self, connection: sqlite3.Connection, writer: IndexWriter) -> None:
        self._connection = connection
        self._writer = writer
        self._executor = ThreadPoolExecutor(1, "index-fold")

    @classmethod
    async def open(
        cls, path: Path, epoch: str, marks: Mapping[int, Watermark], limits: Limits, bounds: IndexLimits
    ) -> FoldThread:
        """Open the index of a log, made anew if the file does not fit that log.

        Raises:
            RunIndexError: the file cannot be opened or made.
        """

        def opened() -> FoldThread:
            connection = open_index(path, epoch, marks)
            return cls(connection, IndexWriter(connection, limits, bounds.cached_runs))

        try:
            return await asyncio.to_thread(opened)
        except sqlite3.Error as error:
            raise RunIndexError(f"{path}: {error}") from error

    @property
    def version(self) -> str:
        """See ``FoldStore.version``."""
        return self._writer.version

    async def positions(self) -> Mapping[int, int]:
        """See ``FoldStore.positions``."""
        return await self._run(self._writer.positions)

    async def apply(self, records: Sequence[LogRecord]) -> None:
        """See ``FoldStore.apply``."""
        await self._run(self._writer.apply, records)

    async def trim(self, marks: Mapping[int, Watermark]) -> None:
        """See ``FoldStore.trim``."""
        await self._run(self._writer.trim, marks)

    async def close(self) -> None:
        """Finish what runs, then close the file."""
        await asyncio.to_thread(self._executor.shutdown)
        self._connection.close()

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: work(*args, **kwargs))
        except sqlite3.Error as error:
            raise RunIndexError(str(error)) from error
