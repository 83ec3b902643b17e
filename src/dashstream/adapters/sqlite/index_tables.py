"""The file of the run index: its tables, its version, and when it has to be made anew.

A view of the log, so there are no migrations: an index of another table version, of another log (epoch), or
ahead of its log is deleted and folded again.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from dashstream.engine.ports import Watermark
from dashstream.errors import RunIndexError

TABLE_VERSION = 4

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE positions (partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    thread_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    graph_id TEXT NOT NULL,
    graph_name TEXT NOT NULL,
    program TEXT NOT NULL,
    status TEXT NOT NULL,
    started_us INTEGER NOT NULL,
    resumes TEXT,
    partition INTEGER NOT NULL,
    first_offset INTEGER NOT NULL,
    last_offset INTEGER NOT NULL,
    highest_sequence INTEGER NOT NULL,
    summary BLOB NOT NULL
);
CREATE INDEX runs_by_start ON runs (started_us, id);
CREATE INDEX runs_by_thread ON runs (thread_id, started_us);
CREATE INDEX runs_by_beginning ON runs (thread_id, partition, first_offset, tenant);
CREATE INDEX runs_by_reach ON runs (thread_id, highest_sequence, partition, first_offset, tenant);
CREATE INDEX runs_by_resumed ON runs (resumes) WHERE resumes IS NOT NULL;
CREATE INDEX runs_by_place ON runs (partition, first_offset);

CREATE TABLE records (
    run INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    item INTEGER NOT NULL,
    kind TEXT NOT NULL,
    type TEXT NOT NULL,
    timestamp_us INTEGER NOT NULL,
    node_id TEXT NOT NULL,
    node_execution_id TEXT NOT NULL,
    superstep INTEGER,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (run, sequence, offset, item)
) WITHOUT ROWID;

CREATE TABLE transitions (
    run INTEGER NOT NULL,
    ns TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    item INTEGER NOT NULL,
    checkpoint_id BLOB,
    ends_checkpoint INTEGER NOT NULL,
    is_step INTEGER NOT NULL,
    PRIMARY KEY (run, ns, sequence, offset, item)
) WITHOUT ROWID;

CREATE TABLE schemas (graph_id TEXT PRIMARY KEY, observed BLOB NOT NULL) WITHOUT ROWID;
"""


def open_index(path: Path, epoch: str, marks: Mapping[int, Watermark]) -> sqlite3.Connection:
    """Open the index of a log for writing, made anew when the file does not belong to that log as it is."""
    connection = _connect(path)
    if not _fits(connection, epoch, marks):
        connection.close()
        delete_index(path)
        connection = _connect(path)
        _create(connection, epoch)
    return connection


def reopen_index(path: Path, epoch: str) -> sqlite3.Connection:
    """Open an index for writing that others read already, so that it must not be made anew.

    Raises:
        RunIndexError: the file is not there any more, or not the index of that log.
    """
    connection = _connect(path)
    meta = meta_of(connection)
    if meta.get("table_version") != str(TABLE_VERSION) or meta.get("epoch") != epoch:
        connection.close()
        raise RunIndexError(f"{path} is not the index that was opened; start the gateway again")
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open an existing index for reading only; it may be used by several threads, one at a time."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def delete_index(path: Path) -> None:
    """Remove the index's files; what is not there is fine."""
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").unlink()


def positions_of(connection: sqlite3.Connection) -> dict[int, int]:
    """Return the next offset to fold, by partition."""
    return dict(connection.execute("SELECT partition, next_offset FROM positions"))


def meta_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the index's facts about itself; empty for a file that is no index."""
    try:
        return dict(connection.execute("SELECT key, value FROM meta"))
    except sqlite3.DatabaseError:
        return {}


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    with contextlib.suppress(sqlite3.DatabaseError):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA journal_size_limit = 67108864")
    return connection


def _fits(connection: sqlite3.Connection, epoch: str, marks: Mapping[int, Watermark]) -> bool:
    meta = meta_of(connection)
    if meta.get("table_version") != str(TABLE_VERSION) or meta.get("epoch") != epoch:
        return False
    try:
        folded = positions_of(connection)
    except sqlite3.DatabaseError:
        return False
    return all(partition in marks and offset <= marks[partition].high for partition, offset in folded.items())


def _create(connection: sqlite3.Connection, epoch: str) -> None:
    connection.execute("BEGIN")
    for statement in TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)
    facts = {
        "table_version": str(TABLE_VERSION),
        "epoch": epoch,
        "generation": secrets.token_hex(4),
        "changes": "0",
    }
    connection.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
    connection.execute("COMMIT")
