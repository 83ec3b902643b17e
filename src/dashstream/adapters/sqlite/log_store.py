"""The SQL of the embedded log: one file, one table per partition, blocking calls on one connection.

Layout::

    meta(name, value)                        epoch, topic, partitions
    partitions(partition, low, high, bytes)  watermarks; bytes of keys and values retained
    records_<n>(offset, timestamp_us, key, value)
                                             a table per partition: appends hit the right edge of its tree
    producers(producer_id, producer_epoch, thread_id, sequence, partition, offset)
                                             last stored sequence

WAL with ``synchronous=FULL``: a committed transaction survives a kill and a power cut. Watermarks live in a
table and not in ``max(offset)``, so that retention can empty a partition without forgetting its next offset.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dashstream.engine.ports import LogRecord, Watermark
from dashstream.errors import (
    LogCorruptError,
    LogError,
    LogFullError,
    NotFoundError,
    OffsetOutOfRangeError,
)

APPLICATION_ID = 0x44534C47
"""``DSLG`` in the file's header."""

FORMAT = 1
WAL_PAGES = 4_000
RETENTION_STEP = 2_000
"""Most records that one retention transaction removes, so that appends wait little."""

_FULL = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"})
_CORRUPT = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@dataclass(frozen=True, slots=True)
class LogIdentity:
    """What is fixed at a log's creation."""

    epoch: str
    topic: str
    partition_count: int


@contextmanager
def translated() -> Iterator[None]:
    """Raise the log's errors in place of SQLite's."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error) from error


def translate(error: sqlite3.Error) -> LogError:
    """Return the log's error for one of SQLite's."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name in _FULL:
        return LogFullError(f"the file system takes no more: {error}")
    if name.startswith(_CORRUPT):
        return LogCorruptError(f"the file is damaged: {error}")
    return LogError(f"{name or type(error).__name__}: {error}")


def connect(path: Path, *, read_only: bool, busy_timeout_s: float) -> sqlite3.Connection:
    """Open a connection that may be used from any one thread at a time, without implicit transactions."""
    if read_only and not path.exists():
        raise NotFoundError(f"there is no log at {path}")
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    with translated():
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, timeout=busy_timeout_s
        )
        try:
            if not read_only:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
                connection.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
                connection.execute(f"PRAGMA journal_size_limit={64 * 2**20}")
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done inside, or leave nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def create(connection: sqlite3.Connection, *, topic: str, partition_count: int) -> None:
    """Make the tables of a new log; do nothing to an existing one. Several processes may do it at once."""
    with translated(), transaction(connection):
        if _pragma(connection, "application_id") == APPLICATION_ID:
            return
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise LogCorruptError("the file is a database, but not a DashStream log")
        connection.execute("CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        connection.execute(
            "CREATE TABLE partitions(partition INTEGER PRIMARY KEY, low INTEGER NOT NULL,"
            " high INTEGER NOT NULL, bytes INTEGER NOT NULL)"
        )
        connection.execute(
            "CREATE TABLE producers(producer_id TEXT, producer_epoch TEXT, thread_id TEXT,"
            " sequence INTEGER NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,"
            " PRIMARY KEY (producer_id, producer_epoch, thread_id)) WITHOUT ROWID"
        )
        for partition in range(partition_count):
            connection.execute(
                f"CREATE TABLE records_{partition:d}(offset INTEGER PRIMARY KEY,"
                " timestamp_us INTEGER NOT NULL, key BLOB NOT NULL, value BLOB)"
            )
            connection.execute("INSERT INTO partitions VALUES (?, 0, 0, 0)", (partition,))
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)",
            [("epoch", secrets.token_hex(8)), ("topic", topic), ("partitions", str(partition_count))],
        )
        connection.execute(f"PRAGMA user_version={FORMAT}")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")


def identity(connection: sqlite3.Connection) -> LogIdentity:
    """Return what was fixed at creation.

    Raises:
        LogCorruptError: the file is not a log, or one of a newer format.
    """
    with translated():
        if _pragma(connection, "application_id") != APPLICATION_ID:
            raise LogCorruptError("the file is not a DashStream log")
        if (found := _pragma(connection, "user_version")) != FORMAT:
            raise LogCorruptError(f"the log has format {found}; this version reads {FORMAT}")
        meta = dict(connection.execute("SELECT name, value FROM meta"))
    return LogIdentity(meta["epoch"], meta["topic"], int(meta["partitions"]))


def watermarks(connection: sqlite3.Connection) -> dict[int, Watermark]:
    """Return the watermarks of all partitions."""
    with translated():
        rows = connection.execute("SELECT partition, low, high FROM partitions").fetchall()
    return {partition: Watermark(low, high) for partition, low, high in rows}


def data_version(connection: sqlite3.Connection) -> int:
    """Return a number that changes when another connection has committed."""
    with translated():
        return _pragma(connection, "data_version")


def read(
    connection: sqlite3.Connection, partition: int, offset: int, *, max_records: int, max_bytes: int
) -> tuple[list[LogRecord], int, int]:
    """Return records, the next offset to read, and the records' bytes.

    The high watermark is read first: all below it is seen. The low one is read last: what it allows was there before.
    """
    found: list[LogRecord] = []
    size = 0
    with translated():
        (high,) = connection.execute("SELECT high FROM partitions WHERE partition = ?", (partition,)).fetchone()
        reached = max(offset, high)
        rows = connection.execute(
            f"SELECT offset, timestamp_us, key, value FROM records_{partition:d} WHERE offset >= ?"  # noqa: S608  # an integer
            " ORDER BY offset LIMIT ?",
            (offset, max_records),
        )
        for at, timestamp_us, key, value in rows:
            size += len(key) + (len(value) if value is not None else 0)
            if found and size > max_bytes:
                reached = found[-1].offset + 1
                break
            found.append(LogRecord(partition, at, timestamp_us, key, value))
        rows.close()
        (low,) = connection.execute("SELECT low FROM partitions WHERE partition = ?", (partition,)).fetchone()
    if offset < low:
        raise OffsetOutOfRangeError(partition=partition, offset=offset, low=low)
    if found and (len(found) >= max_records or found[-1].offset >= reached):
        reached = found[-1].offset + 1
    return found, reached, size


def remove_old(connection: sqlite3.Connection, *, older_than_us: int | None, max_bytes: int) -> int:
    """Remove up to ``RETENTION_STEP`` records that retention does not keep; return how many."""
    with translated(), transaction(connection):
        parts = connection.execute("SELECT partition, bytes FROM partitions").fetchall()
        heads: list[tuple[int, int]] = []
        for partition, _ in parts:
            head = connection.execute(
                f"SELECT timestamp_us FROM records_{partition:d} ORDER BY offset LIMIT 1"  # noqa: S608  # an integer
            ).fetchone()
            if head is not None:
                heads.append((head[0], partition))
        excess = sum(part[1] for part in parts) - max_bytes if max_bytes else 0
        for timestamp_us, partition in sorted(heads):
            if excess <= 0 and (older_than_us is None or timestamp_us >= older_than_us):
                continue
            return _remove_prefix(connection, partition, older_than_us, excess)
    return 0


def _remove_prefix(connection: sqlite3.Connection, partition: int, older_than_us: int | None, excess: int) -> int:
    rows = connection.execute(
        f"SELECT offset, timestamp_us, length(key) + coalesce(length(value), 0) FROM records_{partition:d}"  # noqa: S608  # an integer
        " ORDER BY offset LIMIT ?",
        (RETENTION_STEP,),
    ).fetchall()
    count = size = low = 0
    for offset, timestamp_us, length in rows:
        if size >= excess and (older_than_us is None or timestamp_us >= older_than_us):
            break
        count, size, low = count + 1, size + length, offset + 1
    connection.execute(f"DELETE FROM records_{partition:d} WHERE offset < ?", (low,))  # noqa: S608  # an integer
    connection.execute("UPDATE partitions SET low = ?, bytes = bytes - ? WHERE partition = ?", (low, size, partition))
    connection.execute("DELETE FROM producers WHERE partition = ? AND offset < ?", (partition, low))
    return count


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
