"""Where threads go on on the log, from the tables of the run index.

A sequence alone does not name one record: a producer that was restarted counts from 1 again, and several may write to
one thread. What a reader has applied is the beginning of a partition up to some record with that sequence, so the
first record that has it, or a later one, is never beyond what the reader has: from there on nothing can be missed, and
at most something comes again. So it is enough to look at the few that are next by sequence: the first one that has it
is among them, and whatever shares its record.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping

from dashstream.adapters.sqlite.index_tables import positions_of
from dashstream.engine.ports import ThreadPlaces

NEIGHBOURS = 1_000
"""Entries of a run that are looked at from a sequence on; what is beyond has no say, however long the run is."""


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
    rows = connection.execute("SELECT id, partition, first_offset, tenant FROM runs WHERE thread_id = ?", (thread,))
    firsts: dict[int, int] = {}
    found: dict[int, tuple[int, int]] = {}
    for run, partition, first_offset, tenant in rows.fetchall():
        if tenants is not None and tenant not in tenants:
            continue
        firsts[partition] = min(first_offset, firsts.get(partition, first_offset))
        if sequence and (place := _first_at(connection, run, sequence)):
            found[partition] = min(place, found.get(partition, place))
    if not sequence:
        return firsts or None, True
    if not found:
        return None, False
    is_exact = any(lowest == sequence for _, lowest in found.values())
    return {
        partition: found[partition][0] if partition in found else firsts[partition] for partition in firsts
    }, is_exact


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
