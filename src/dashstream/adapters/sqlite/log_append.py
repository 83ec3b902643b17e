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
from collections import defaultdict
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

    records: list[LogRecord] = field(default_factory=list)
    columns: list[Any] = field(default_factory=list)
    bytes: int = 0

    def add(self, record: NewRecord, partition: int, offset: int) -> None:
        timestamp_us, key, value = record.timestamp_us, record.key, record.value
        self.records.append(LogRecord(partition, offset, timestamp_us, key, value, record.reading))
        self.columns += (offset, timestamp_us, key, value)
        self.bytes += len(key) + len(value)


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
        self._parts: defaultdict[int, _Part] = defaultdict(_Part)
        self._stored: dict[Counter, _Place] = {}
        self.highs = dict(highs)

    def number(self, records: Sequence[NewRecord]) -> list[Appended]:
        """Give the records of one batch their offsets."""
        highs, stored, count = self.highs, self._stored, self._partition_count
        answers: list[Appended] = []
        for record in records:
            partition = partition_of(record.key, count)
            offset = highs[partition]
            if (dedupe := record.dedupe) is not None:
                counter = dedupe.counter
                last = stored.get(counter)
                if dedupe.sequence <= (last[0] if last is not None else self._last_sequence(counter)):
                    answers.append(Appended(partition, -1, duplicate=True))
                    continue
                stored[counter] = (dedupe.sequence, partition, offset)
            highs[partition] = offset + 1
            self._parts[partition].add(record, partition, offset)
            answers.append(Appended(partition, offset, duplicate=False))
        return answers

    def write(self) -> Mapping[int, Piece]:
        """Write everything that was numbered, and return it by partition."""
        for partition, part in self._parts.items():
            insert_flat(self._connection, f"INSERT INTO records_{partition:d}", 4, part.columns)
        insert_rows(
            self._connection,
            "INSERT INTO partitions",
            [(partition, 0, self.highs[partition], part.bytes) for partition, part in self._parts.items()],
            "ON CONFLICT DO UPDATE SET high = excluded.high, bytes = bytes + excluded.bytes",
        )
        seen = [(*_columns(counter), *place) for counter, place in self._stored.items()]
        insert_rows(self._connection, "INSERT OR REPLACE INTO producers", seen)
        return {partition: Piece(part.records, part.bytes) for partition, part in self._parts.items()}

    def last_sequences(self) -> Mapping[Counter, int]:
        """Return the last sequence of each counter that was written."""
        return {counter: place[0] for counter, place in self._stored.items()}

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
