"""A log that is opened again when it was made anew, for users to whom one life of it is as good as another.

While there is none, every call fails as one that can be repeated. Who keeps positions compares ``epoch`` before they
are used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Self, TypeVar

import structlog

from dashstream.engine.ports import Appended, Log, LogPage, NewRecord, Watermark
from dashstream.errors import LogEpochChangedError, LogUnavailableError, NotFoundError

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class RenewedLog:
    """What dead letters need of a ``Log``, over whichever life of it there is now. Open it with :meth:`open`."""

    def __init__(self, current: Log, open_log: Callable[[], Awaitable[Log]]) -> None:
        self._current = current
        self._open = open_log
        self._renewing = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, open_log: Callable[[], Awaitable[Log]]) -> Self:
        """Open the log as it is now; raises what ``open_log`` raises."""
        return cls(await open_log(), open_log)

    @property
    def epoch(self) -> str:
        """See ``Log.epoch``; it may be another one after any call."""
        return self._current.epoch

    async def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        """See ``Log.append``."""
        return await self._do(lambda log: log.append(records))

    async def read(self, partition: int, offset: int, *, max_records: int, max_bytes: int) -> LogPage:
        """See ``Log.read``."""
        return await self._do(lambda log: log.read(partition, offset, max_records=max_records, max_bytes=max_bytes))

    async def watermarks(self) -> Mapping[int, Watermark]:
        """See ``Log.watermarks``."""
        return await self._do(lambda log: log.watermarks())

    async def enforce_retention(self, now_us: int) -> int:
        """See ``Log.enforce_retention``."""
        return await self._do(lambda log: log.enforce_retention(now_us))

    async def close(self) -> None:
        """See ``Log.close``."""
        await self._current.close()
        await asyncio.gather(*self._closing)

    async def _do(self, call: Callable[[Log], Awaitable[T]]) -> T:
        used = self._current
        try:
            return await call(used)
        except LogEpochChangedError:
            await self._renew(used)
            return await call(self._current)

    async def _renew(self, ended: Log) -> None:
        async with self._renewing:
            if self._current is not ended:
                return
            try:
                self._current = await self._open()
            except NotFoundError as error:
                raise LogUnavailableError(str(error)) from error
            _log.warning("log_opened_again", topic=ended.topic, epoch=self._current.epoch)
            task = asyncio.create_task(ended.close(), name="close-ended-log")
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
