"""Looking into the files of log, index and commits without changing them, also while a gateway writes them."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import msgspec

from dashstream.adapters.sqlite.index_tables import TABLE_VERSION, meta_of, open_reader, positions_of
from dashstream.adapters.sqlite.log_store import connect, translated
from dashstream.engine.commits import Commit
from dashstream.engine.index_check import IndexSnapshot
from dashstream.engine.runs import Run
from dashstream.errors import RunIndexError

MAX_MESSAGES = 5
BUSY_TIMEOUT_S = 5.0


def damage_of_file(path: Path) -> list[str]:
    """Return what SQLite's own check of a file complains about; empty: nothing.

    Raises:
        NotFoundError: there is no file.
        LogError: it cannot be opened.
    """
    with contextlib.closing(connect(path, read_only=True, busy_timeout_s=BUSY_TIMEOUT_S)) as connection:
        try:
            return _quick_check(connection)
        except sqlite3.DatabaseError as error:
            return [str(error)]


def read_index(path: Path) -> IndexSnapshot:
    """Return the run index of a file as of one moment.

    Raises:
        RunIndexError: it is damaged, or of another version.
    """
    try:
        with contextlib.closing(open_reader(path)) as connection:
            connection.execute("BEGIN")
            meta = meta_of(connection)
            if meta.get("table_version") != str(TABLE_VERSION):
                raise RunIndexError(f"its tables have version {meta.get('table_version')}, this is {TABLE_VERSION}")
            if complaints := _quick_check(connection):
                raise RunIndexError(complaints[0])
            rows = connection.execute("SELECT run_id, summary FROM runs")
            runs = {run_id: _run(summary) for run_id, summary in rows}
            return IndexSnapshot(meta["epoch"], positions_of(connection), runs)
    except (sqlite3.Error, msgspec.MsgspecError) as error:
        raise RunIndexError(str(error)) from error


def read_commits(path: Path) -> dict[int, Commit]:
    """Return the commits of a file by partition.

    Raises:
        LogError: it is damaged.
    """
    with contextlib.closing(connect(path, read_only=True, busy_timeout_s=BUSY_TIMEOUT_S)) as connection, translated():
        rows = connection.execute("SELECT partition, position, head, epoch FROM commits").fetchall()
    return {row[0]: Commit(row[1], row[2], row[3]) for row in rows}


def _run(summary: bytes) -> tuple[Run, bytes]:
    run = msgspec.json.decode(summary, type=Run)
    return run, msgspec.json.encode(run)


def _quick_check(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(f"PRAGMA quick_check({MAX_MESSAGES})").fetchall()
    return [row[0] for row in rows if row[0] != "ok"]
