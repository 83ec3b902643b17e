"""Data directories as a stopped gateway leaves them, and ways to damage them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.adapters.sqlite.run_index import SqliteRunIndex
from dashstream.adapters.system_clock import SystemClock
from dashstream.app.data_dir import INDEX_FILE, LOG_FILE
from dashstream.engine.index_limits import IndexLimits
from dashstream.engine.ingest_service import IngestService
from dashstream.engine.limits import IngestLimits, LogLimits
from dashstream.engine.ports import NoMetrics
from dashstream.protocol.framing import Limits
from dashstream.protocol.patch import Op
from run_builder import RunBuilder

TEXT = "a state with some text in it, so that a flipped byte has something to hit " * 4


def run_records(*, thread: str = "thread-1", steps: int) -> list[bytes]:
    """The records of a whole run: four for each step, and four around them."""
    run = RunBuilder(thread_id=thread)
    run.start({"steps": [], "text": TEXT})
    for step in range(1, steps + 1):
        run.step(step, [Op("add", ("steps", "-"), {"step": step, "text": f"{step} {TEXT}"})])
    run.end()
    return run.records


async def fill(folder: Path, records: Sequence[bytes], *, fold: bool = True, limits: LogLimits | None = None) -> None:
    """Store records in a data directory, which is made when it is not there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    log = SqliteLog.open(folder / LOG_FILE, limits)
    try:
        ingest = IngestService(log, IngestLimits(), SystemClock(), NoMetrics())
        result = await ingest.submit(records)
        assert not result.rejected
        await log.enforce_retention(SystemClock().now_us())
        if fold:
            await _fold(folder, log)
    finally:
        await log.close()


async def _fold(folder: Path, log: SqliteLog) -> None:
    index = await SqliteRunIndex.open(folder / INDEX_FILE, log, Limits(), IndexLimits())
    try:
        for partition, mark in (await log.watermarks()).items():
            if found := await log.read(partition, mark.low, max_records=10_000, max_bytes=1 << 30):
                await index.apply(found)
    finally:
        await index.close()


def change(path: Path, statement: str, *values: Any) -> None:
    """Change a file behind everybody's back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, values).rowcount > 0


def remove(folder: Path, *offsets: int) -> None:
    """Remove records of the only partition that has any."""
    for offset in offsets:
        change(folder / LOG_FILE, f"DELETE FROM {table_of(folder)} WHERE offset = ?", offset)  # noqa: S608  # our own name


def table_of(folder: Path) -> str:
    """Return the table of the only partition that has records."""
    with closing(sqlite3.connect(folder / LOG_FILE)) as connection:
        (partition,) = connection.execute("SELECT partition FROM partitions WHERE high > 0").fetchone()
    return f"records_{partition:d}"
