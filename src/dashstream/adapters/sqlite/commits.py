"""Commits in one SQLite file: the ``Commits`` port for a gateway that is alone with its log.

The file is small, and losing its last second costs nothing but that second's work, so commits are not synced to the
disk one by one: they survive a kill of the process, and after a power cut the file is whole and a little older.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Collection, Mapping
from pathlib import Path

from dashstream.adapters.sqlite.log_store import connect, transaction, translated
from dashstream.engine.commits import Commit

BUSY_TIMEOUT_S = 5.0


class SqliteCommits:
    """The ``Commits`` port; ``open`` it in a thread that may block."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> SqliteCommits:
        """Open the file, creating it if it is not there.

        Raises:
            LogError: it cannot be opened.
        """
        connection = connect(path, read_only=False, busy_timeout_s=BUSY_TIMEOUT_S)
        with translated():
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS commits(partition INTEGER PRIMARY KEY, position INTEGER NOT NULL,"
                " head INTEGER NOT NULL, epoch TEXT NOT NULL)"
            )
        return cls(connection)

    async def load(self, partitions: Collection[int]) -> Mapping[int, Commit]:
        """See ``Commits.load``."""
        return await asyncio.to_thread(self._load, frozenset(partitions))

    async def save(self, commits: Mapping[int, Commit]) -> None:
        """See ``Commits.save``."""
        await asyncio.to_thread(self._save, dict(commits))

    async def close(self) -> None:
        """Close the file."""
        await asyncio.to_thread(self._close)

    def _load(self, partitions: frozenset[int]) -> dict[int, Commit]:
        with self._lock, translated():
            rows = self._connection.execute("SELECT partition, position, head, epoch FROM commits").fetchall()
        return {row[0]: Commit(row[1], row[2], row[3]) for row in rows if row[0] in partitions}

    def _save(self, commits: dict[int, Commit]) -> None:
        rows = [(p, commit.position, commit.head, commit.epoch) for p, commit in commits.items()]
        with self._lock, translated(), transaction(self._connection):
            self._connection.executemany("INSERT OR REPLACE INTO commits VALUES (?, ?, ?, ?)", rows)

    def _close(self) -> None:
        with self._lock:
            self._connection.close()
