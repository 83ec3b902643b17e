"""Where a thread goes on after a sequence: the same answer however long its runs are, at the same cost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

import pytest

from dashstream.adapters.sqlite.index_tables import TABLES
from dashstream.adapters.sqlite.thread_places import BEGINNINGS_ABOVE, NEIGHBOURS, RUNS_BEYOND, thread_places

Entry = tuple[int, int]
"""Sequence and offset."""


@pytest.fixture
def tables() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    yield connection
    connection.close()


def add_run(tables: sqlite3.Connection, run: int, thread: str, entries: Iterable[Entry], tenant: str = "red") -> None:
    entries = list(entries)
    first, highest = entries[0][1], max(sequence for sequence, _ in entries)
    tables.execute(
        "INSERT INTO runs VALUES (?, ?, ?, ?, '', '', '', 'ok', 0, NULL, 0, ?, 0, ?, '')",
        (run, str(run), thread, tenant, first, highest),
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


@pytest.mark.parametrize(
    ("question", "index"), [(RUNS_BEYOND, "runs_by_reach"), (BEGINNINGS_ABOVE, "runs_by_beginning")]
)
def test_the_runs_of_a_thread_are_found_in_an_index_alone(
    tables: sqlite3.Connection, question: str, index: str
) -> None:
    plan = [row[3] for row in tables.execute(f"EXPLAIN QUERY PLAN {question}", ("t", 1))]
    assert f"USING COVERING INDEX {index} (thread_id=? AND" in plan[0]


def add_many_runs(tables: sqlite3.Connection) -> None:
    for run in range(2_000):
        add_run(tables, run, "t", [(1 + 10 * run + step, 10 * run + step) for step in range(10)])


def test_runs_that_end_before_the_sequence_cost_nothing(tables: sqlite3.Connection) -> None:
    add_many_runs(tables)
    assert steps_of(tables, 19_995) <= 3


def test_runs_that_begin_behind_the_place_are_not_looked_into(tables: sqlite3.Connection) -> None:
    add_many_runs(tables)
    looked_into: list[str] = []
    tables.set_trace_callback(looked_into.append)
    assert place(tables, 5) == 5
    tables.set_trace_callback(None)
    assert len([question for question in looked_into if "FROM records" in question]) == 1


def test_an_earlier_run_that_goes_on_beside_a_later_one_counts(tables: sqlite3.Connection) -> None:
    add_run(tables, 1, "t", [(10, 0), (20, 30)])
    add_run(tables, 2, "t", [(11, 5), (15, 6), (25, 31)])
    assert place(tables, 14) == 6
    assert place(tables, 16) == 30
    assert place(tables, 21) == 31


def test_a_run_of_another_tenant_says_nothing(tables: sqlite3.Connection) -> None:
    add_run(tables, 1, "t", [(1, 0), (2, 1)], tenant="blue")
    assert thread_places(tables, {"t": 1}, ["red"]).starts == {}
    assert thread_places(tables, {"t": 1}, ["blue"]).starts == {"t": {0: 1}}
