"""Many rows by few statements.

Python's SQLite gives up the interpreter's lock for every step of a statement, and under load it waits for it each time
as long as another thread pleases. A statement that inserts many rows is one step.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any

_SIZES = (64, 16, 4, 1)
"""Rows of one statement: few different texts, so that each is compiled once and then found in the cache."""


def insert_rows(
    connection: sqlite3.Connection, insert: str, rows: Sequence[tuple[Any, ...]], conflict: str = ""
) -> None:
    """Insert rows of equal width; ``insert`` is the statement up to its values, ``conflict`` what follows them."""
    if rows:
        insert_flat(connection, insert, len(rows[0]), list(chain.from_iterable(rows)), conflict)


def insert_flat(
    connection: sqlite3.Connection, insert: str, width: int, columns: list[Any], conflict: str = ""
) -> None:
    """Insert what stands in ``columns``, a row of ``width`` after the other."""
    row = f"({', '.join('?' * width)})"
    at = 0
    for size in _SIZES:
        step = size * width
        while len(columns) - at >= step:
            connection.execute(f"{insert} VALUES {', '.join([row] * size)} {conflict}", columns[at : at + step])
            at += step
