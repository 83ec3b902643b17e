"""Values written straight to a SQLite log, as another process of the machine may; no producer writes such ones."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from dashstream.adapters.sqlite import log_store as store
from dashstream.app.data_dir import LOG_FILE
from dashstream.engine.ports import partition_of

KEY = b"thread"
BUSY_S = 30.0


async def append(data_dir: Path, *values: bytes | None) -> None:
    """Append values to the partition of thread ``thread``; null ones too."""
    await asyncio.to_thread(_append, data_dir / LOG_FILE, values)


def _append(path: Path, values: Sequence[bytes | None]) -> None:
    with contextlib.closing(store.connect(path, read_only=False, busy_timeout_s=BUSY_S)) as connection:
        partition = partition_of(KEY, store.identity(connection).partition_count)
        with store.transaction(connection):
            high = store.watermarks(connection)[partition].high
            for offset, value in enumerate(values, high):
                insert = f"INSERT INTO records_{partition} VALUES (?, ?, ?, ?)"  # noqa: S608  # a number of our own
                connection.execute(insert, (offset, time.time_ns() // 1000, KEY, value))
            connection.execute("UPDATE partitions SET high = high + ? WHERE partition = ?", (len(values), partition))
