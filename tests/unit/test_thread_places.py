"""Where a thread goes on after a sequence: the same answer however long its runs are, at the same cost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

import pytest

from dashstream.adapters.sqlite.index_tables import TABLES
from dashstream.adapters.sqlite.thread_places import NEIGHBOURS, thread_places

Entry = tuple[int, int]
"""Sequence and offset."""


@pytest.fixture
def tables() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    yield connection
    connection.close()


def add_run(tables: sqlite3.Connection, run: int, thread: str, entries: Iterable[Entry], tenant: str = "red") -> None:
    tables.execute(
        "INSERT INTO runs VALUES (?, ?, ?, ?, '', '', '', 'ok', 0, NULL, 0, 0, 0, '')", (run, str(run), thread, tenant)
    )
    rows = ((run, sequence, offset, item) for item, (sequence, offset) in enumerate(entries))
    tables.executemany("INSERT INTO records VALUES (?, ?, ?, ?, 'event', '', 0, '', '', NULL, 1)", rows)


def place(tables: sqlite3.Connection, sequence: int) -> int | None:
    starts = thread_places(tables, {"t": sequence}, None).starts
    return starts["t"][0] if "t" in starts else None


def steps_of(tables: sqlite3.Connection, sequence: int) -> int:
    """Return how many hundreds of steps of SQLite's machine an answer takes."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    tables.set_progress_handler(count, 100)
    assert place(tables, sequence) == sequence
    tables.set_progress_handler(None, 0)
    return taken


def test_a_thread_goes_on_after_its_sequence(tables: sqlite3.Connection) -> None:
    add_run(tables, 1, "t", [(1, 10), (2, 11), (4, 20), (5, 20), (6, 20), (7, 21)])
    wanted = {1: 11, 2: 12, 3: 20, 4: 20, 5: 20, 6: 21, 7: 22, 8: None}
    assert {sequence: place(tables, sequence) for sequence in wanted} == wanted


def test_of_records_with_the_same_sequence_the_first_one_counts(tables: sqlite3.Connection) -> None:
    add_run(tables, 1, "t", [(sequence, sequence) for sequence in range(1, 50)])
    add_run(tables, 2, "t", [(sequence, 100 + sequence) for sequence in range(1, 99)])
    assert place(tables, 30) == 31
    assert place(tables, 60) == 161


def test_an_answer_costs_the_same_in_a_run_of_any_length(tables: sqlite3.Connection) -> None:
    length = 50 * NEIGHBOURS
    add_run(tables, 1, "t", ((sequence, sequence - 1) for sequence in range(1, 1 + length)))
    near_the_end, from_the_start = (steps_of(tables, sequence) for sequence in (length - NEIGHBOURS, 1))
    assert 0 < from_the_start <= 2 * near_the_end


def test_a_run_of_another_tenant_says_nothing(tables: sqlite3.Connection) -> None:
    add_run(tables, 1, "t", [(1, 0), (2, 1)], tenant="blue")
    assert thread_places(tables, {"t": 1}, ["red"]).starts == {}
    assert thread_places(tables, {"t": 1}, ["blue"]).starts == {"t": {0: 1}}
