"""Every log adapter under the one suite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dashstream.adapters.memory.log import MemoryLog
from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.engine.ports import Log
from dashstream.errors import LogFullError
from dashstream.testing.log_conformance import FullLogConformance, LogConformance, RetentionConformance, SpaceFault


class TestMemoryLog(LogConformance, RetentionConformance):
    @pytest.fixture
    async def log(self) -> AsyncIterator[Log]:
        log = MemoryLog()
        yield log
        await log.close()


class MemoryFault:
    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def fill(self) -> None:
        self._log.fail_next_append(LogFullError("full"))

    def make_room(self) -> None:
        """There is room again after the one failure."""


class TestMemoryLogWithoutSpace(FullLogConformance):
    @pytest.fixture
    async def full(self) -> AsyncIterator[tuple[Log, SpaceFault]]:
        log = MemoryLog()
        yield log, MemoryFault(log)
        await log.close()


class TestSqliteLog(LogConformance, RetentionConformance):
    @pytest.fixture
    async def log(self, tmp_path: Path) -> AsyncIterator[Log]:
        log = SqliteLog.open(tmp_path / "log.db")
        yield log
        await log.close()


class PageLimit:
    """Lets the database file grow no further, by SQLite's own limit on the writer's connection."""

    def __init__(self, log: SqliteLog) -> None:
        self._log = log

    def _limit(self, pages: int) -> None:
        assert self._log._writer is not None
        self._log._writer._connected().connection.execute(f"PRAGMA max_page_count={pages}")

    def fill(self) -> None:
        self._limit(200)

    def make_room(self) -> None:
        self._limit(1_000_000)


class TestSqliteLogWithoutSpace(FullLogConformance):
    @pytest.fixture
    async def full(self, tmp_path: Path) -> AsyncIterator[tuple[Log, SpaceFault]]:
        log = SqliteLog.open(tmp_path / "log.db")
        yield log, PageLimit(log)
        await log.close()
