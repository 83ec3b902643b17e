"""Appending to the embedded log's file: batches in one transaction, numbered, without duplicates.

Laws:

1. Offsets of a partition follow each other without a hole, whoever wrote the ones before.
2. A record whose sequence is not above the last one stored of its producer, epoch and thread is not written.
3. What is known of the file (next offsets, last sequences) is kept from one transaction to the next, so that nothing is
   asked twice, and only for as long as nobody else commits: SQLite's data version says so within each transaction. An
   error, or whoever removes records on this connection (``forget``), ends it as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashstream.adapters.sqlite import log_store as store
from dashstream.adapters.sqlite.log_tail import Piece
from dashstream.adapters.sqlite.rows import insert_flat, insert_rows
from dashstream.engine.ports import Appended, LogRecord, NewRecord, partition_of
from dashstream.protocol.sequence import Counter

KNOWN_COUNTERS = 10_000
"""Last sequences that are enough to keep in mind: a transaction that finds more lets go of all, and asks again."""

_Place = tuple[int, int, int]
"""A sequence and where it is stored: partition and offset."""


class Appender:
    """Appends on one connection, which nothing else writes on without telling it (``forget``)."""

    def __init__(self, connection: sqlite3.Connection, partition_count: int) -> None:
        self._connection = connection
        self._partition_count = partition_count
        self._version = -1
        self._highs: dict[int, int] = {}
        self._sequences: dict[Counter, int] = {}

    def append(self, batches: Sequence[Sequence[NewRecord]]) -> tuple[list[list[Appended]], Mapping[int, Piece]]:
        """Write batches, all or nothing; return what became of each record, and what was written by partition.

        Raises:
            LogError: nothing was written.
        """
        try:
            with store.translated(), store.transaction(self._connection):
                self._learn()
                writing = _Writing(self._connection, self._partition_count, self._highs, self._sequences)
                answers = [writing.number(batch) for batch in batches]
                written = writing.write()
        except BaseException:
            self.forget()
            raise
        self._highs = writing.highs
        self._sequences.update(writing.last_sequences())
        return answers, written

    def forget(self) -> None:
        """Ask the file again."""
        self._version = -1

    def _learn(self) -> None:
        """Within a transaction: go by what the file says, unless nobody else has written it since."""
        version = store.data_version(self._connection)
        if version != self._version:
            self._highs = dict(self._connection.execute("SELECT partition, high FROM partitions"))
            self._sequences.clear()
            self._version = version
        elif len(self._sequences) > KNOWN_COUNTERS:
            self._sequences.clear()


@dataclass(slots=True)
class _Part:
    """What one transaction writes to one partition; ``columns``: as the table has them, row after row."""

    partition: int
    high: int
    records: list[LogRecord] = field(default_factory=list)
    columns: list[Any] = field(default_factory=list)
    bytes: int = 0


class _Writing:
    """What one transaction writes."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        partition_count: int,
        highs: Mapping[int, int],
        sequences: dict[Counter, int],
    ) -> None:
        self._connection = connection
        self._partition_count = partition_count
        self._sequences = sequences
        self._highs = highs
        self._parts: dict[int, _Part] = {}
        self._by_key: dict[bytes, _Part] = {}
        self._stored: dict[Counter, _Place] = {}

    @property
    def highs(self) -> dict[int, int]:
        """The next offsets of all partitions, after what is written."""
        return {**self._highs, **{partition: part.high for partition, part in self._parts.items()}}

    def number(self, records: Sequence[NewRecord]) -> list[Appended]:
        """Give the records of one batch their offsets."""
        by_key, stored = self._by_key, self._stored
        answers: list[Appended] = []
        for record in records:
            key, value, timestamp_us = record.key, record.value, record.timestamp_us
            part = by_key.get(key) or self._part_of(key)
            partition, offset = part.partition, part.high
            if (dedupe := record.dedupe) is not None:
                counter, sequence = dedupe.counter, dedupe.sequence
                last = stored.get(counter)
                if sequence <= (last[0] if last is not None else self._last_sequence(counter)):
                    answers.append(Appended(partition, -1, True))  # noqa: FBT003  # names cost as much as the object
                    continue
                stored[counter] = (sequence, partition, offset)
            part.high = offset + 1
            part.records.append(LogRecord(partition, offset, timestamp_us, key, value, record.reading))
            part.columns += (offset, timestamp_us, key, value)
            part.bytes += len(key) + len(value)
            answers.append(Appended(partition, offset, False))  # noqa: FBT003  # as above
        return answers

    def write(self) -> Mapping[int, Piece]:
        """Write everything that was numbered, and return it by partition."""
        pieces = {partition: Piece(part.records, part.bytes) for partition, part in self._parts.items() if part.records}
        for partition in pieces:
            insert_flat(self._connection, f"INSERT INTO records_{partition:d}", 4, self._parts[partition].columns)
        insert_rows(
            self._connection,
            "INSERT INTO partitions",
            [(partition, 0, self._parts[partition].high, piece.bytes) for partition, piece in pieces.items()],
            "ON CONFLICT DO UPDATE SET high = excluded.high, bytes = bytes + excluded.bytes",
        )
        seen = [(*_columns(counter), *place) for counter, place in self._stored.items()]
        insert_rows(self._connection, "INSERT OR REPLACE INTO producers", seen)
        return pieces

    def last_sequences(self) -> Mapping[Counter, int]:
        """Return the last sequence of each counter that was written."""
        return {counter: place[0] for counter, place in self._stored.items()}

    def _part_of(self, key: bytes) -> _Part:
        partition = partition_of(key, self._partition_count)
        part = self._parts.get(partition)
        if part is None:
            part = self._parts[partition] = _Part(partition, self._highs[partition])
        self._by_key[key] = part
        return part

    def _last_sequence(self, counter: Counter) -> int:
        known = self._sequences.get(counter)
        if known is None:
            row = self._connection.execute(
                "SELECT sequence FROM producers WHERE producer_id = ? AND producer_epoch = ? AND thread_id = ?",
                _columns(counter),
            ).fetchone()
            known = self._sequences[counter] = row[0] if row else 0
        return known


def _columns(counter: Counter) -> tuple[str, str, str]:
    return counter.producer_id, str(counter.producer_epoch), counter.thread_id
