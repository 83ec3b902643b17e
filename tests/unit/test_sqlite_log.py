"""The embedded log under kills, full disks, damage, and with readers in other processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.adapters.sqlite.log_tail import RECORD_OVERHEAD, LogTail, Piece
from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import Log, LogRecord, NewRecord, NoMetrics, partition_of
from dashstream.errors import LogCorruptError, LogError, NotFoundError
from dashstream.testing.log_conformance import new_record, read_all, sequenced

WRITER = """
import asyncio, json, sys
from pathlib import Path
from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.testing.log_conformance import sequenced

async def produce(log, producer, first):
    for start in range(first, first + 100_000, 7):
        batch = [sequenced(start + index, producer=producer, thread=producer) for index in range(7)]
        answers = await log.append(batch)
        new = [(start + i, a) for i, a in enumerate(answers) if not a.duplicate]
        stored = [[producer, sequence, a.partition, a.offset] for sequence, a in new]
        print(json.dumps(stored), flush=True)

async def main():
    log = SqliteLog.open(Path(sys.argv[1]))
    await asyncio.gather(*(produce(log, f"p{i}", int(sys.argv[2])) for i in range(4)))

asyncio.run(main())
"""

READER = """
import asyncio, sys
from pathlib import Path
from dashstream.adapters.sqlite.log import SqliteLog

async def main():
    log = SqliteLog.open(Path(sys.argv[1]), read_only=True)
    positions = {p: m.high for p, m in (await log.watermarks()).items()}
    print("ready", flush=True)
    seen = 0
    while seen < int(sys.argv[2]):
        await log.wait_beyond(positions)
        for record in await log.read_many(positions, max_records=1000, max_bytes=1 << 20):
            positions[record.partition] = record.offset + 1
            print(record.value.decode(), flush=True)
            seen += 1
    await log.close()

asyncio.run(main())
"""

FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.errors import LogFullError
from dashstream.testing.log_conformance import new_record, read_all, sequenced

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main():
    log = SqliteLog.open(Path(sys.argv[1]))
    partition = (await log.append([sequenced(1)]))[0].partition
    limit(200_000)
    refused = 0
    for sequence in range(2, 50):
        try:
            await log.append([new_record(b"x" * 20_000, key=b"thread"), sequenced(sequence)])
        except LogFullError:
            refused += 1
            break
    limit(resource.RLIM_INFINITY)
    before = len(await read_all(log, partition))
    assert refused and before == 1 + 2 * (sequence - 2), (refused, before, sequence)
    answers = await log.append([sequenced(sequence), sequenced(sequence + 1)])
    assert [answer.duplicate for answer in answers] == [False, False]
    assert len(await read_all(log, partition)) == before + 2
    await log.close()
    print("recovered")

asyncio.run(main())
"""


@contextmanager
def running(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog.open(tmp_path / "log.db", LogLimits(poll_interval_s=0.002))
    yield log
    await log.close()


@pytest.mark.faults
async def test_every_acknowledged_record_survives_kill_9_exactly_once(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    acknowledged: dict[tuple[str, int], tuple[int, int]] = {}
    for life in range(3):
        first = 1 + max((sequence for _, sequence in acknowledged), default=0) - 3 * bool(life)
        with running(WRITER, path, max(first, 1)) as process:
            assert process.stdout is not None
            for _ in range(60):
                note(acknowledged, process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            for line in process.stdout:
                note(acknowledged, line)
    found = await stored(path)
    assert len(found) == len(set(found))
    assert acknowledged.items() <= dict(found).items()
    assert len(acknowledged) >= 3 * 60


def note(acknowledged: dict[tuple[str, int], tuple[int, int]], line: str) -> None:
    if line.endswith("\n"):
        for producer, sequence, partition, offset in json.loads(line):
            assert (producer, sequence) not in acknowledged
            acknowledged[producer, sequence] = (partition, offset)


async def stored(path: Path) -> list[tuple[tuple[str, int], tuple[int, int]]]:
    log = SqliteLog.open(path, read_only=True)
    found = []
    for partition in range(log.partition_count):
        for record in await read_all(log, partition):
            assert record.value is not None
            producer, _, _, sequence = record.value.decode().split("/")
            found.append(((producer, int(sequence)), (partition, record.offset)))
    await log.close()
    return found


@pytest.mark.faults
def test_a_full_disk_refuses_whole_batches_and_recovers(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path / "log.db"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "recovered"), done.stderr


async def test_a_reader_in_another_process_sees_appends(log: SqliteLog) -> None:
    with running(READER, log._path, 40) as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "ready\n"
        for index in range(4):
            await log.append([new_record(b"%d" % (index * 10 + n)) for n in range(10)])
        output = await asyncio.to_thread(process.stdout.read)
    assert output.split() == [str(index) for index in range(40)]


async def test_a_writer_sees_another_writers_appends(log: SqliteLog) -> None:
    other = SqliteLog.open(log._path)
    high = {partition: mark.high for partition, mark in (await log.watermarks()).items()}
    waiting = asyncio.create_task(log.wait_beyond(high))
    await other.append([sequenced(1)])
    await asyncio.wait_for(waiting, 10)
    answers = await log.append([sequenced(1), sequenced(2)])
    assert [answer.duplicate for answer in answers] == [True, False]
    assert (await other.append([sequenced(2)]))[0].duplicate
    await other.close()


async def test_a_log_keeps_its_identity(tmp_path: Path) -> None:
    log = SqliteLog.open(tmp_path / "log.db", LogLimits(partitions=3), topic="here")
    epoch = log.epoch
    await log.close()
    again = SqliteLog.open(tmp_path / "log.db", LogLimits(partitions=5), topic="there")
    assert (again.epoch, again.partition_count, again.topic) == (epoch, 3, "here")
    await again.close()
    other = SqliteLog.open(tmp_path / "other.db")
    assert other.epoch != epoch
    await other.close()


async def test_reading_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        SqliteLog.open(tmp_path / "log.db", read_only=True)
    assert not list(tmp_path.iterdir())


async def test_a_reader_does_not_write(log: SqliteLog) -> None:
    reader = SqliteLog.open(log._path, read_only=True)
    with pytest.raises(LogError):
        await reader.append([new_record(b"x")])
    with pytest.raises(LogError):
        await reader.enforce_retention(1)
    await reader.close()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_not_a_database_is_corrupt(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(b"hello" * 10_000)
    with pytest.raises(LogCorruptError):
        SqliteLog.open(path, read_only=read_only)


@pytest.mark.parametrize("read_only", [True, False])
def test_another_programs_database_is_left_alone(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE precious(x)")
    with pytest.raises(LogCorruptError):
        SqliteLog.open(path, read_only=read_only)


async def test_a_newer_format_is_refused(log: SqliteLog) -> None:
    with closing(sqlite3.connect(log._path)) as connection:
        connection.execute("PRAGMA user_version=2")
    with pytest.raises(LogCorruptError, match="format 2"):
        SqliteLog.open(log._path, read_only=True)


async def test_damage_inside_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = SqliteLog.open(path)
    (answer, *_) = await log.append([new_record(os.urandom(500)) for _ in range(2_000)])
    await log.close()
    damaged = bytearray(path.read_bytes())
    for page in range(30, len(damaged) // 4096):
        damaged[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    path.write_bytes(damaged)
    log = SqliteLog.open(path)
    with pytest.raises(LogCorruptError):
        await read_all(log, answer.partition)
    await log.close()


async def test_retention_by_bytes_removes_the_oldest_first(tmp_path: Path) -> None:
    log = SqliteLog.open(tmp_path / "log.db", LogLimits(retention_bytes=100_000, retention_age_s=0))
    keys = [b"a", b"b", b"c"]
    await log.append(
        [NewRecord(keys[index % 3], b"%06d" % index + b"x" * 500, timestamp_us=index) for index in range(3_000)]
    )
    assert await log.enforce_retention(10**15) > 0
    kept: list[int] = []
    for partition in {partition_of(key, log.partition_count) for key in keys}:
        kept += [int((record.value or b"")[:6]) for record in await read_all(log, partition)]
    assert 90_000 <= len(kept) * 507 <= 100_000
    assert await log.enforce_retention(10**15) == 0
    await log.close()


async def test_retention_forgets_producers_with_their_last_record(tmp_path: Path) -> None:
    log = SqliteLog.open(tmp_path / "log.db", LogLimits(retention_age_s=1))
    await log.append([sequenced(1), sequenced(1, producer="q")])
    await log.enforce_retention(10**12)
    assert not (await log.append([sequenced(1)]))[0].duplicate
    await log.close()


async def test_appends_go_on_during_retention(tmp_path: Path) -> None:
    log = SqliteLog.open(tmp_path / "log.db", LogLimits(retention_age_s=1))
    await log.append([new_record(b"x" * 50) for _ in range(20_000)])
    retention = asyncio.create_task(log.enforce_retention(10**12))
    answers = await log.append([new_record(b"y", timestamp_us=10**12)])
    assert not retention.done()
    assert await retention == 20_000
    assert len(await read_all(log, answers[0].partition)) == 1
    await log.close()


async def test_a_cancelled_append_harms_nobody(log: SqliteLog) -> None:
    tasks = [asyncio.create_task(log.append([sequenced(n, producer=f"p{n}")])) for n in range(1, 40)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::2])
    assert all(not isinstance(answer, BaseException) for answer in answers[1::2])
    assert not (await log.append([sequenced(1, producer="last")]))[0].duplicate


async def test_closing_commits_what_was_handed_over(tmp_path: Path) -> None:
    log = SqliteLog.open(tmp_path / "log.db")
    tasks = [asyncio.create_task(log.append([new_record(b"x" * 1000)])) for _ in range(50)]
    await asyncio.sleep(0)
    await log.close()
    assert len(await asyncio.gather(*tasks)) == 50
    again: Log = SqliteLog.open(tmp_path / "log.db", read_only=True)
    assert len(await read_all(again, partition_of(b"thread", again.partition_count))) == 50
    await again.close()


def tail_page(count: int, start: int = 0, partition: int = 0, size: int = 10) -> list[LogRecord]:
    return [LogRecord(partition, offset, 1, b"k", b"x" * size) for offset in range(start, start + count)]


def tail_piece(count: int, start: int = 0, partition: int = 0, size: int = 10) -> Piece:
    return Piece(tail_page(count, start, partition, size), count * (1 + size))


def test_the_tail_gives_what_was_committed_from_any_place_in_it() -> None:
    tail = LogTail(1 << 20, {0: 5, 1: 0}, NoMetrics())
    tail.add(0, tail_piece(3, 5))
    tail.add(1, tail_piece(2, partition=1))
    tail.add(0, tail_piece(2, 8))
    page = tail.read({1: 0, 0: 6}, 100, 1 << 20)
    assert page is not None
    assert [(record.partition, record.offset) for record in page] == [(1, 0), (1, 1), (0, 6), (0, 7), (0, 8), (0, 9)]
    assert page.reached == {0: 10, 1: 2}


def test_the_tail_leaves_to_the_disk_what_it_has_not() -> None:
    tail = LogTail(1 << 20, {0: 5}, NoMetrics())
    assert tail.read({0: 5}, 100, 1 << 20) is None
    tail.add(0, tail_piece(3, 5))
    assert tail.read({0: 4}, 100, 1 << 20) is None
    assert tail.read({0: 8}, 100, 1 << 20) is None
    assert tail.read({0: 5}, 2, 1 << 20) is None, "a commit that does not fit the page as a whole"


def test_a_hole_of_another_process_ends_what_the_tail_holds() -> None:
    tail = LogTail(1 << 20, {0: 0}, NoMetrics())
    tail.add(0, tail_piece(3))
    tail.add(0, tail_piece(3, 7))
    assert tail.read({0: 0}, 100, 1 << 20) is None
    page = tail.read({0: 7}, 100, 1 << 20)
    assert page is not None
    assert [record.offset for record in page] == [7, 8, 9]


def test_the_tail_is_bounded_and_follows_retention() -> None:
    tail = LogTail(10 * (RECORD_OVERHEAD + 11), {0: 0, 1: 0}, NoMetrics())
    for start in range(0, 100, 5):
        tail.add(start % 2, tail_piece(5, start // 10 * 5, start % 2))
        assert tail.bytes <= 10 * (RECORD_OVERHEAD + 11)
    assert tail.read({0: 40}, 100, 1 << 20) is None
    assert tail.read({0: 45, 1: 45}, 100, 1 << 20) is not None
    tail.trim(0, 50)
    tail.trim(1, 50)
    assert tail.bytes == 0
    assert LogTail(0, {0: 0}, NoMetrics()).bytes == 0


def test_the_gauges_show_what_the_tail_holds() -> None:
    metrics, size = PrometheusMetrics(), RECORD_OVERHEAD + 11
    tail = LogTail(10 * size, {0: 0, 1: 0}, metrics)
    shown = []
    for change in (
        lambda: None,
        lambda: tail.add(0, tail_piece(3)),
        lambda: tail.add(1, tail_piece(8, partition=1)),
        lambda: tail.trim(1, 8),
    ):
        change()
        lines = metrics.render().decode().splitlines()
        found = dict(line.split() for line in lines if line.startswith("dashstream_log_tail_"))
        shown.append(tuple(float(found[f"dashstream_log_tail_{what}"]) for what in ("records", "bytes")))
    assert shown == [(0, 0), (3, 3 * size), (8, 8 * size), (0, 0)]


async def test_what_is_read_from_the_tail_is_what_is_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = SqliteLog.open(path, LogLimits(partitions=2))
    await log.wait_beyond({0: -1})  # now it tells this loop what is committed
    values = [b"%d" % number for number in range(50)]
    await log.append([NewRecord(value, value, 7) for value in values])
    near = await log.read_many({0: 0, 1: 0}, max_records=100, max_bytes=1 << 20)
    await log.close()
    again = SqliteLog.open(path, read_only=True)
    far = await again.read_many({0: 0, 1: 0}, max_records=100, max_bytes=1 << 20)
    await again.close()
    assert len(near) == 50
    assert (list(near), near.reached) == (list(far), far.reached)
