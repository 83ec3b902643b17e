"""Where threads go on on the log, from the tables of the run index.

A sequence alone does not name one record: a producer that was restarted counts from 1 again, and several may write to
one thread. What a reader has applied is the beginning of a partition up to some record with that sequence, so the
first record that has it, or a later one, is never beyond what the reader has: from there on nothing can be missed, and
at most something comes again. So it is enough to look at the few that are next by sequence: the first one that has it
is among them, and whatever shares its record.

A thread may have any number of runs. Of those only the ones that go beyond the sequence are looked at, in the order in
which they begin, and none that begins behind what was found: usually a few, for a reader is seldom far behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping

from dashstream.adapters.sqlite.index_tables import positions_of
from dashstream.engine.ports import ThreadPlaces

NEIGHBOURS = 1_000
"""Entries of a run that are looked at from a sequence on; what is beyond has no say, however long the run is."""

RUNS_BEYOND = (
    "SELECT id, partition, first_offset, tenant FROM runs"
    " WHERE thread_id = ? AND highest_sequence >= ? ORDER BY partition, first_offset"
)
BEGINNINGS_ABOVE = (
    "SELECT partition, first_offset, tenant FROM runs"
    " WHERE thread_id = ? AND partition > ? ORDER BY partition, first_offset"
)


def thread_places(
    connection: sqlite3.Connection, after: Mapping[str, int], tenants: Collection[str] | None
) -> ThreadPlaces:
    """Return where threads go on; what is folded meanwhile is above ``reached`` or in the answer as well."""
    reached = positions_of(connection)
    starts: dict[str, Mapping[int, int]] = {}
    exact: set[str] = set()
    for thread, sequence in after.items():
        found, is_exact = _places(connection, thread, sequence, tenants)
        if found is not None:
            starts[thread] = found
        if is_exact:
            exact.add(thread)
    return ThreadPlaces(starts, frozenset(exact), reached)


def _places(
    connection: sqlite3.Connection, thread: str, sequence: int, tenants: Collection[str] | None
) -> tuple[Mapping[int, int] | None, bool]:
    starts = _beginnings(connection, thread, tenants)
    if not sequence:
        return starts or None, True
    found: dict[int, tuple[int, int]] = {}
    for run, partition, first_offset, tenant in connection.execute(RUNS_BEYOND, (thread, sequence)):
        if not _is_for(tenant, tenants) or (partition in found and first_offset > found[partition][0]):
            continue
        if place := _first_at(connection, run, sequence):
            found[partition] = min(place, found.get(partition, place))
    if not found:
        return None, False
    is_exact = any(lowest == sequence for _, lowest in found.values())
    return starts | {partition: offset for partition, (offset, _) in found.items()}, is_exact


def _beginnings(connection: sqlite3.Connection, thread: str, tenants: Collection[str] | None) -> dict[int, int]:
    """Return where the thread begins in each partition that has some of it."""
    found: dict[int, int] = {}
    while True:
        rows = connection.execute(BEGINNINGS_ABOVE, (thread, max(found, default=-1)))
        first = next((row for row in rows if _is_for(row[2], tenants)), None)
        if first is None:
            return found
        found[first[0]] = first[1]


def _is_for(tenant: str, tenants: Collection[str] | None) -> bool:
    return tenants is None or tenant in tenants


def _first_at(connection: sqlite3.Connection, run: int, sequence: int) -> tuple[int, int] | None:
    """Return where a run goes on after a sequence, and the lowest sequence not below it that was found there."""
    row = connection.execute(
        "SELECT offset, min(sequence), max(sequence) FROM"
        " (SELECT offset, sequence FROM records WHERE run = ? AND sequence >= ? ORDER BY sequence, offset LIMIT ?)"
        " GROUP BY offset ORDER BY offset LIMIT 1",
        (run, sequence, NEIGHBOURS),
    ).fetchone()
    if row is None:
        return None
    offset, lowest, highest = row
    return offset + (highest == sequence), lowest
