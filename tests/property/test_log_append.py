"""Two writers of one embedded log, in any order of batches, repeats, failures and removals.

What they keep in mind between transactions never shows: every answer and every stored record is what record by record
would have given.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashstream.adapters.sqlite import log_append, log_store
from dashstream.adapters.sqlite.log_append import Appender
from dashstream.engine.ports import Appended, NewRecord, partition_of
from dashstream.protocol.sequence import Counter
from dashstream.testing.log_conformance import new_record, sequenced

PARTITIONS = 2
BEYOND_SQLITE = 2**63
BEYOND_ALL = 1_000_000

records = st.one_of(
    st.builds(
        sequenced,
        st.integers(1, 6),
        epoch=st.integers(1, 2),
        thread=st.sampled_from(("t", "u", "v")),
        producer=st.sampled_from(("p", "q")),
    ),
    st.builds(new_record, st.binary(max_size=3), key=st.sampled_from((b"t", b"u"))),
)
batches = st.lists(st.lists(records, min_size=1, max_size=4), min_size=1, max_size=3)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("first", "second", "first fails")), batches),
        st.tuples(st.just("remove"), st.integers(0, 60)),
    ),
    min_size=3,
    max_size=12,
)


class OneByOne:
    """The law, a record at a time."""

    def __init__(self) -> None:
        self.stored: list[list[tuple[int, bytes, bytes]]] = [[] for _ in range(PARTITIONS)]
        self.highs = [0] * PARTITIONS
        self.last: dict[Counter, int] = {}
        self.places: dict[Counter, tuple[int, int]] = {}

    def append(self, record: NewRecord) -> Appended:
        partition = partition_of(record.key, PARTITIONS)
        offset = self.highs[partition]
        if (dedupe := record.dedupe) is not None:
            if dedupe.sequence <= self.last.get(dedupe.counter, 0):
                return Appended(partition, -1, duplicate=True)
            self.last[dedupe.counter], self.places[dedupe.counter] = dedupe.sequence, (partition, offset)
        self.highs[partition] += 1
        self.stored[partition].append((offset, record.key, record.value))
        return Appended(partition, offset, duplicate=False)

    def remove_below(self, partition: int, low: int) -> None:
        self.stored[partition] = [each for each in self.stored[partition] if each[0] >= low]
        for counter, (at, offset) in list(self.places.items()):
            if at == partition and offset < low:
                del self.places[counter], self.last[counter]


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(log_store.connect(path, read_only=False, busy_timeout_s=5)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        yield connection


def appended(appender: Appender, model: OneByOne, given_batches: Sequence[Sequence[NewRecord]]) -> None:
    answers, written = appender.append(given_batches)
    assert answers == [[model.append(record) for record in batch] for batch in given_batches]
    assert len(appender._sequences) <= log_append.KNOWN_COUNTERS + sum(map(len, given_batches))
    for partition, piece in written.items():
        newest = model.stored[partition][-len(piece.records) :]
        assert [(record.offset, record.key, record.value) for record in piece.records] == newest
        assert piece.bytes == sum(len(key + value) for _, key, value in newest)


@pytest.fixture(autouse=True)
def few_counters_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_append, "KNOWN_COUNTERS", 3)


@settings(max_examples=100)
@given(steps)
def test_what_is_kept_in_mind_never_shows(given_steps: list[tuple[str, list[list[NewRecord]] | int]]) -> None:
    with TemporaryDirectory() as folder, connected(Path(folder) / "log.db") as one:
        log_store.create(one, topic="t", partition_count=PARTITIONS)
        with connected(Path(folder) / "log.db") as two:
            model = OneByOne()
            appenders = {"first": Appender(one, PARTITIONS), "second": Appender(two, PARTITIONS)}
            for kind, what in given_steps:
                if isinstance(what, int):
                    appenders["first"].forget()
                    log_store.remove_old(one, older_than_us=None, max_bytes=what)
                    for partition, mark in log_store.watermarks(one).items():
                        model.remove_below(partition, mark.low)
                elif kind == "first fails":
                    bad = new_record(b"no integer of SQLite", timestamp_us=BEYOND_SQLITE)
                    with pytest.raises(OverflowError):
                        appenders["first"].append([*what, [bad]])
                else:
                    appended(appenders[kind], model, what)
            for partition in range(PARTITIONS):
                found, _, _ = log_store.read(
                    one,
                    partition,
                    log_store.watermarks(one)[partition].low,
                    max_records=BEYOND_ALL,
                    max_bytes=BEYOND_ALL,
                )
                assert [(record.offset, record.key, record.value) for record in found] == model.stored[partition]
