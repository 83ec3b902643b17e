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
    at = 0
    for size in _SIZES:
        while len(rows) - at >= size:
            part = rows[at : at + size]
            row = f"({', '.join('?' * len(part[0]))})"
            connection.execute(
                f"{insert} VALUES {', '.join([row] * size)} {conflict}", tuple(chain.from_iterable(part))
            )
            at += size
