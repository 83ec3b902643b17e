"""Where states are: the nearest whole state before a moment of a run, and the number of the step that it is.

Steps are those of the root's state, counted from 0: every change is one, a whole state is one if it is a transition
or the first that is known. So they are counted by whoever reads the run from its beginning, too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from dashstream.engine.ports import RunLocation
from dashstream.engine.run_index import StatePlaces
from dashstream.protocol.position import MAX_OFFSET, RunMoment

ROOT = ""


class _Place(NamedTuple):
    sequence: int
    offset: int


class _Whole(NamedTuple):
    """A whole state, which may be cut into several records."""

    first: _Place
    last: _Place


def state_places(connection: sqlite3.Connection, run_id: str, ns: str, sequence: int | None) -> StatePlaces | None:
    """Return what to read for a state: from the nearest whole state at or before ``sequence``."""
    found = connection.execute("SELECT id, partition FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    if found is None:
        return None
    key, partition = found
    last = MAX_OFFSET if sequence is None else sequence
    whole = _whole_state(connection, key, ns, last)
    if whole is None:
        return StatePlaces(partition, [])
    rows = connection.execute(
        "SELECT DISTINCT offset FROM transitions WHERE run = ? AND ns = ?"
        " AND (sequence, offset) >= (?, ?) AND sequence <= ? ORDER BY offset",
        (key, ns, *whole.first, last),
    )
    return StatePlaces(partition, [row[0] for row in rows])


def location(
    connection: sqlite3.Connection, run_id: str, at: RunMoment, tenants: Collection[str] | None
) -> RunLocation | None:
    """Return where a run is, and the last whole state of its root at or before a moment; see ``RunLocator``."""
    found = connection.execute(
        "SELECT id, partition, first_offset, tenant FROM runs WHERE run_id = ?", (run_id,)
    ).fetchone()
    if found is None:
        return None
    key, partition, first_offset, tenant = found
    if tenants is not None and tenant not in tenants:
        return None
    whole = _whole_state(connection, key, ROOT, _sequence_of(connection, key, at))
    if whole is None:
        return RunLocation(partition, first_offset)
    return RunLocation(partition, first_offset, whole.first.offset, _step_at(connection, key, whole.last))


def _whole_state(connection: sqlite3.Connection, key: int, ns: str, last: int) -> _Whole | None:
    found = connection.execute(
        "SELECT sequence, offset, checkpoint_id FROM transitions"
        " WHERE run = ? AND ns = ? AND sequence <= ? AND ends_checkpoint = 1"
        " ORDER BY sequence DESC, offset DESC LIMIT 1",
        (key, ns, last),
    ).fetchone()
    if found is None:
        return None
    end = _Place(*found[:2])
    if found[2] is None:
        return _Whole(end, end)
    begin = connection.execute(
        "SELECT sequence, offset FROM transitions"
        " WHERE run = ? AND ns = ? AND checkpoint_id = ? AND sequence <= ? ORDER BY sequence, offset LIMIT 1",
        (key, ns, found[2], end.sequence),
    ).fetchone()
    return _Whole(_Place(*begin), end)


def _sequence_of(connection: sqlite3.Connection, key: int, at: RunMoment) -> int:
    """Return the sequence of a moment; of a step that is not known the highest there may be."""
    if at.step is None:
        return MAX_OFFSET if at.sequence is None else at.sequence
    found = connection.execute(
        "SELECT sequence FROM transitions WHERE run = ? AND ns = ? AND is_step = 1"
        " ORDER BY sequence, offset LIMIT 1 OFFSET ?",
        (key, ROOT, max(0, at.step - _first_only_shows(connection, key))),
    ).fetchone()
    return found[0] if found else MAX_OFFSET


def _step_at(connection: sqlite3.Connection, key: int, place: _Place) -> int:
    """Return the number of the newest step at or before a place."""
    (steps,) = connection.execute(
        "SELECT count(*) FROM transitions WHERE run = ? AND ns = ? AND is_step = 1 AND (sequence, offset) <= (?, ?)",
        (key, ROOT, *place),
    ).fetchone()
    return max(0, int(steps) + _first_only_shows(connection, key) - 1)


def _first_only_shows(connection: sqlite3.Connection, key: int) -> int:
    """Return 1 if the run begins with a whole state that no transition made, which is its step 0 all the same."""
    found = connection.execute(
        "SELECT is_step FROM transitions WHERE run = ? AND ns = ? AND (is_step = 1 OR ends_checkpoint = 1)"
        " ORDER BY sequence, offset LIMIT 1",
        (key, ROOT),
    ).fetchone()
    return 1 - found[0] if found else 0
