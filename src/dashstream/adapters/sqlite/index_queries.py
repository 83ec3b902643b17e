"""Questions to the index's tables. Synchronous; each takes a connection and reads only."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from dashstream.engine.run_index import RecordEntry, RecordPlace, RecordQuery, RunPage, RunQuery
from dashstream.engine.runs import Run
from dashstream.engine.schemas import ObservedSchema


def runs(connection: sqlite3.Connection, query: RunQuery, version: str) -> RunPage:
    """List runs, newest first; one row more than asked tells whether there is a next page."""
    where, values = _run_conditions(query)
    rows = connection.execute(
        f"SELECT id, started_us, summary FROM runs WHERE {where} ORDER BY started_us DESC, id DESC LIMIT ?",  # noqa: S608  # conditions are ours, values are bound
        (*values, query.limit + 1),
    ).fetchall()
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    found = [msgspec.json.decode(summary, type=Run) for _, _, summary in shown]
    return RunPage(
        runs=found,
        resumed_by=_resumed_by(connection, [run.run_id for run in found]),
        next=f"{shown[-1][1]}.{shown[-1][0]}" if more else None,
        version=version,
    )


def run(connection: sqlite3.Connection, run_id: str) -> Run | None:
    """Return one run's summary."""
    row = connection.execute("SELECT summary FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return msgspec.json.decode(row[0], type=Run) if row else None


def resumed_by(connection: sqlite3.Connection, run_id: str) -> str | None:
    """Return the run that resumed this one; of several the first."""
    return _resumed_by(connection, [run_id]).get(run_id)


def records(connection: sqlite3.Connection, query: RecordQuery) -> list[RecordEntry]:
    """List a run's records in order; unknown runs have none."""
    where = "run = (SELECT id FROM runs WHERE run_id = ?) AND (sequence, offset, item) >= (?, ?, ?)"
    values: list[Any] = [query.run_id, query.start.sequence, query.start.offset, query.start.index]
    if query.kinds is not None:
        where += f" AND kind IN ({', '.join('?' * len(query.kinds))})"
        values += sorted(query.kinds)
    if query.node is not None:
        where += " AND node_id = ?"
        values.append(query.node)
    rows = connection.execute(
        "SELECT sequence, offset, item, kind, type, timestamp_us, node_id, node_execution_id, superstep, attempt"  # noqa: S608  # conditions are ours, values are bound
        f" FROM records WHERE {where} ORDER BY sequence, offset, item LIMIT ?",
        (*values, query.limit),
    )
    return [RecordEntry(RecordPlace(*row[:3]), *row[3:]) for row in rows]


def previous_transition(connection: sqlite3.Connection, run_id: str, ns: str, sequence: int) -> int | None:
    """Return the sequence of the last state record before ``sequence``."""
    row = connection.execute(
        "SELECT max(sequence) FROM transitions"
        " WHERE run = (SELECT id FROM runs WHERE run_id = ?) AND ns = ? AND sequence < ?",
        (run_id, ns, sequence),
    ).fetchone()
    return row[0] if row else None


def namespaces(connection: sqlite3.Connection, run_id: str) -> list[str]:
    """Return the namespaces of a run that have a state, the root first."""
    rows = connection.execute(
        "SELECT DISTINCT ns FROM transitions WHERE run = (SELECT id FROM runs WHERE run_id = ?) ORDER BY ns",
        (run_id,),
    )
    return [row[0] for row in rows]


def schema(connection: sqlite3.Connection, graph_id: str) -> ObservedSchema | None:
    """Return one observed schema."""
    row = connection.execute("SELECT observed FROM schemas WHERE graph_id = ?", (graph_id,)).fetchone()
    return msgspec.json.decode(row[0], type=ObservedSchema) if row else None


def schemas(connection: sqlite3.Connection) -> list[ObservedSchema]:
    """Return the observed schemas, the most recently seen first."""
    rows = connection.execute("SELECT observed FROM schemas LIMIT 1000")
    found = [msgspec.json.decode(row[0], type=ObservedSchema) for row in rows]
    return sorted(found, key=lambda schema: schema.last_seen_us, reverse=True)


def _run_conditions(query: RunQuery) -> tuple[str, list[Any]]:
    conditions: list[str] = ["1"]
    values: list[Any] = []
    for column, wanted in (("status", query.status), ("thread_id", query.thread)):
        if wanted is not None:
            conditions.append(f"{column} = ?")
            values.append(wanted)
    if query.tenants is not None:
        conditions.append(f"tenant IN ({', '.join('?' * len(query.tenants))})")
        values += sorted(query.tenants)
    if query.graph is not None:
        conditions.append("(graph_id = ? OR graph_name = ?)")
        values += [query.graph, query.graph]
    if query.text:
        pattern = "%" + query.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = ("run_id", "thread_id", "graph_name", "program")
        conditions.append("(" + " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns) + ")")
        values += [pattern] * len(columns)
    if query.before is not None:
        started_us, _, key = query.before.partition(".")
        conditions.append("(started_us, id) < (?, ?)")
        values += [int(started_us), int(key)]
    return " AND ".join(conditions), values


def _resumed_by(connection: sqlite3.Connection, run_ids: list[str]) -> dict[str, str]:
    places = ", ".join("?" * len(run_ids))
    rows = connection.execute(
        f"SELECT resumes, run_id FROM runs WHERE resumes IN ({places}) ORDER BY started_us DESC",  # noqa: S608  # only places
        run_ids,
    )
    return dict(rows)
