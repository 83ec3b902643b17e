"""Folding log records into the index's tables, one transaction per batch. Synchronous; one thread at a time.

What a writer knows of the file (positions, runs, ids) holds as long as nobody else writes it. So each transaction
begins by finding the number of changes that its own last one left; if another writer came between, nothing is written.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from dashstream.adapters.sqlite.index_tables import meta_of, positions_of
from dashstream.adapters.sqlite.rows import insert_rows
from dashstream.engine.items import Item, items_of
from dashstream.engine.ports import LogRecord, Watermark
from dashstream.engine.runs import Run, fold, tenant_of
from dashstream.engine.schemas import ObservedSchema, observe
from dashstream.errors import RecordError, RunIndexError
from dashstream.protocol.framing import Limits
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import Decoded, Kind, decode_all

MAX_INTEGER = (1 << 63) - 1
"""The largest integer of the tables. No honest sequence is above it."""

_STATE_KINDS = frozenset({Kind.STATE_DIFF, Kind.CHECKPOINT})
_GRAPH_SCHEMA = Kind.GRAPH_SCHEMA
_KIND_TEXTS = {kind: kind.value for kind in Kind}
"""Plain texts: SQLite's module asks of anything else how it wants to be kept."""

_UPDATE_RUN = """
ON CONFLICT (id) DO UPDATE SET
    graph_id = excluded.graph_id, graph_name = excluded.graph_name, program = excluded.program,
    status = excluded.status, started_us = excluded.started_us, resumes = excluded.resumes,
    last_offset = excluded.last_offset, highest_sequence = max(highest_sequence, excluded.highest_sequence),
    summary = excluded.summary
"""
"""What a record may change of its run. SQLite rewrites each index of a column named here, changed or not."""


@dataclass(slots=True)
class _Batch:
    """What one transaction will write."""

    runs: dict[int, Run] = field(default_factory=dict)
    highest: dict[int, int] = field(default_factory=dict)
    """The highest sequence that the batch has of a run; that of its last record may be lower, of another producer."""
    records: list[tuple[Any, ...]] = field(default_factory=list)
    transitions: list[tuple[Any, ...]] = field(default_factory=list)
    observed: list[Item] = field(default_factory=list)
    """What tells of a graph's schema."""
    schemas: dict[str, ObservedSchema] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)


class IndexWriter:
    """The only writer of an index file."""

    def __init__(self, connection: sqlite3.Connection, limits: Limits, cached_runs: int) -> None:
        self._connection = connection
        self._limits = limits
        self._cached_runs = cached_runs
        self._cache: OrderedDict[str, tuple[int, Run]] = OrderedDict()
        self._next_id = 1 + (connection.execute("SELECT max(id) FROM runs").fetchone()[0] or 0)
        meta = meta_of(connection)
        self._generation = meta["generation"]
        self._changes = int(meta["changes"])

    @property
    def version(self) -> str:
        """Changes with every committed transaction, and with every new index file."""
        return f"{self._generation}-{self._changes}"

    def positions(self) -> dict[int, int]:
        """Return the next offset to fold, by partition."""
        return positions_of(self._connection)

    def apply(self, records: Sequence[LogRecord]) -> None:
        """Fold records, all or nothing: run by run, so that each is looked up once and its rows lie together.

        Raises:
            RunIndexError: another writer has written the file; this one is of no more use.
        """
        batch = _Batch()
        items: dict[str, list[Item]] = {}
        for record, decoded in zip(records, self._decoded(records), strict=True):
            batch.positions[record.partition] = record.offset + 1
            if decoded is None:
                continue
            for item in items_of(decoded, record.partition, record.offset):
                if run_id := item.run_id:
                    items.setdefault(run_id, []).append(item)
        with self._transaction():
            for run_id, of_run in items.items():
                self._fold_run(batch, run_id, of_run)
            self._observe(batch)
            self._write(batch)
        while len(self._cache) > self._cached_runs:
            self._cache.popitem(last=False)

    def trim(self, marks: Mapping[int, Watermark]) -> None:
        """Forget runs and records below the low watermarks; move positions there that are below."""
        known = self.positions()
        with self._transaction():
            for partition, mark in marks.items():
                if mark.low > 0:
                    self._trim_partition(partition, mark.low)
                if known.get(partition, 0) < mark.low:
                    self._connection.execute("INSERT OR REPLACE INTO positions VALUES (?, ?)", (partition, mark.low))
        self._cache.clear()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._count_change()
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._cache.clear()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._changes += 1

    def _count_change(self) -> None:
        update = "UPDATE meta SET value = ? WHERE key = 'changes' AND value = ?"
        counted = self._connection.execute(update, (str(self._changes + 1), str(self._changes)))
        if not counted.rowcount:
            raise RunIndexError("another process has written the run index")

    def _decoded(self, records: Sequence[LogRecord]) -> list[Decoded | None]:
        """Return what each record says: None when it does not decode, for the log keeps it."""
        found = iter(decode_all([record.value for record in records if record.value is not None], self._limits))
        return [_read(next(found)) if record.value is not None else None for record in records]

    def _fold_run(self, batch: _Batch, run_id: str, items: Sequence[Item]) -> None:
        """Fold what a batch has of one run, in order."""
        key, run = self._load(run_id)
        before = len(batch.records)
        for item in items:
            counted = run.records if run else 0
            run = fold(run, item)
            if run.records == counted:
                continue
            batch.records.append(_record_row(key, item))
            if item.kind in _STATE_KINDS:
                batch.transitions.append(_transition_row(key, item))
            elif item.kind is _GRAPH_SCHEMA:
                batch.observed.append(item)
        if run is not None:
            batch.runs[key] = run
            batch.highest[key] = max((row[1] for row in batch.records[before:]), default=0)
            self._cache[run_id] = (key, run)

    def _observe(self, batch: _Batch) -> None:
        """Fold the schemas that a batch's runs tell, in the order of the log."""
        for item in sorted(batch.observed, key=lambda item: (item.partition, item.offset, item.index)):
            graph_id = item.body.graph_id
            before = batch.schemas.get(graph_id) or self._load_schema(graph_id)
            batch.schemas[graph_id] = observe(before, item)

    def _load(self, run_id: str) -> tuple[int, Run | None]:
        if cached := self._cache.get(run_id):
            self._cache.move_to_end(run_id)
            return cached
        row = self._connection.execute("SELECT id, summary FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        if row:
            return row[0], msgspec.json.decode(row[1], type=Run)
        self._next_id += 1
        return self._next_id - 1, None

    def _load_schema(self, graph_id: str) -> ObservedSchema | None:
        row = self._connection.execute("SELECT observed FROM schemas WHERE graph_id = ?", (graph_id,)).fetchone()
        return msgspec.json.decode(row[0], type=ObservedSchema) if row else None

    def _write(self, batch: _Batch) -> None:
        connection = self._connection
        rows = [_run_row(key, run, batch.highest[key]) for key, run in batch.runs.items()]
        insert_rows(connection, "INSERT INTO runs", rows, _UPDATE_RUN)
        insert_rows(connection, "INSERT OR REPLACE INTO records", batch.records)
        insert_rows(connection, "INSERT OR REPLACE INTO transitions", batch.transitions)
        connection.executemany(
            "INSERT OR REPLACE INTO schemas VALUES (?, ?)",
            ((graph_id, msgspec.json.encode(schema)) for graph_id, schema in batch.schemas.items()),
        )
        connection.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?)", batch.positions.items())

    def _trim_partition(self, partition: int, low: int) -> None:
        gone = "SELECT id FROM runs WHERE partition = ? AND last_offset < ?"
        for table in ("records", "transitions"):
            self._connection.execute(f"DELETE FROM {table} WHERE run IN ({gone})", (partition, low))  # noqa: S608  # names are ours
        self._connection.execute("DELETE FROM runs WHERE partition = ? AND last_offset < ?", (partition, low))
        cut = self._connection.execute(
            "SELECT id, summary FROM runs WHERE partition = ? AND first_offset < ?", (partition, low)
        ).fetchall()
        for key, summary in cut:
            for table in ("records", "transitions"):
                self._connection.execute(f"DELETE FROM {table} WHERE run = ? AND offset < ?", (key, low))  # noqa: S608  # names are ours
            run = msgspec.json.decode(summary, type=Run)
            run.first_offset = low
            self._connection.execute(
                "UPDATE runs SET first_offset = ?, summary = ? WHERE id = ?", (low, msgspec.json.encode(run), key)
            )


def _read(decoded: Decoded | RecordError) -> Decoded | None:
    return None if isinstance(decoded, RecordError) else decoded


def _run_row(key: int, run: Run, highest: int) -> tuple[Any, ...]:
    return (
        key,
        run.run_id,
        run.thread_id,
        tenant_of(run),
        run.graph_id,
        run.graph_name,
        run.program or "",
        run.status.value,
        run.started_us,
        run.resumes,
        run.partition,
        run.first_offset,
        run.last_offset,
        highest,
        msgspec.json.encode(run),
    )


def _record_row(key: int, item: Item) -> tuple[Any, ...]:
    header = item.header
    return (
        key,
        min(header.sequence, MAX_INTEGER),
        item.offset,
        item.index,
        _KIND_TEXTS[item.kind],
        item.type,
        header.timestamp_us,
        item.node_id,
        header.node_execution_id,
        header.superstep if header.HasField("superstep") else None,
        header.attempt,
    )


def _transition_row(key: int, item: Item) -> tuple[Any, ...]:
    if item.kind is Kind.CHECKPOINT:
        checkpoint: pb.Checkpoint = item.body
        whole = checkpoint.chunk_count <= 1 or checkpoint.chunk_index == checkpoint.chunk_count - 1
        checkpoint_id = checkpoint.checkpoint_id if checkpoint.chunk_count > 1 else None
        is_step = whole and checkpoint.is_transition
    else:
        whole, checkpoint_id, is_step = bool(item.body.full_state), None, True
    header = item.header
    return (
        key,
        header.checkpoint_ns,
        min(header.sequence, MAX_INTEGER),
        item.offset,
        item.index,
        checkpoint_id,
        int(whole),
        int(is_step),
    )
