"""A process that folds the run index can be killed, cancelled or overtaken, and the index answers as if nothing was."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dashstream.adapters.memory.log import MemoryLog
from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.adapters.sqlite.fold_messages import (
    LENGTH,
    Apply,
    Done,
    Failed,
    Open,
    TellPositions,
    answer_of,
    apply_of,
    framed,
    read_request,
)
from dashstream.adapters.sqlite.fold_process import FoldProcess
from dashstream.adapters.sqlite.fold_worker import serve
from dashstream.adapters.sqlite.index_fold import IndexWriter
from dashstream.adapters.sqlite.index_tables import open_index
from dashstream.adapters.sqlite.run_index import SqliteRunIndex
from dashstream.engine import run_index
from dashstream.engine.index_limits import IndexLimits
from dashstream.engine.ports import LogRecord, NoMetrics, Watermark
from dashstream.engine.run_index import Indexer
from dashstream.errors import RunIndexError
from dashstream.protocol.framing import Limits
from index_histories import KEEP_ALL, answers, histories
from integration.gateway.serving import until

EPOCH = "an epoch"
MARKS = {0: Watermark(0, 1_000)}
RESTARTS = "dashstream_index_process_restarts_total"


@asynccontextmanager
async def opened(path: Path, metrics: PrometheusMetrics | None = None) -> AsyncIterator[FoldProcess]:
    fold = await FoldProcess.open(path, EPOCH, MARKS, Limits(), IndexLimits(), metrics or NoMetrics())
    try:
        yield fold
    finally:
        await fold.close()


@asynccontextmanager
async def following(
    path: Path, log: MemoryLog, *, own_process: bool, metrics: PrometheusMetrics | None = None
) -> AsyncIterator[tuple[SqliteRunIndex, Indexer]]:
    bounds = IndexLimits(batch_records=5, own_process=own_process)
    index = await SqliteRunIndex.open(path, log, Limits(), bounds, metrics)
    indexer = Indexer(log, index, bounds, NoMetrics())
    task = asyncio.create_task(indexer.run())
    try:
        yield index, indexer
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await index.close()


async def caught_up(indexer: Indexer) -> None:
    async def is_caught_up() -> bool:
        return await indexer.lag() == 0

    await until(is_caught_up, "the index has folded the log")


def records(count: int) -> list[LogRecord]:
    """Records of partition 0, and one without a value at the end."""
    made = [LogRecord(0, offset, 0, b"", record.value) for offset, record in enumerate(histories(3)[:count])]
    return [*made, LogRecord(0, count, 0, b"", None)]


def value_of(metrics: PrometheusMetrics, name: str) -> float:
    lines = metrics.render().decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_it_answers_what_a_thread_answers_however_often_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_index, "RETRY_S", 0.01)
    log, written, metrics = MemoryLog(KEEP_ALL), histories(5), PrometheusMetrics()
    killed: set[int] = set()
    async with following(tmp_path / "process.db", log, own_process=True, metrics=metrics) as (index, indexer):
        for at in range(0, len(written), 20):
            pid = index.folding_pid
            assert pid is not None
            assert pid not in killed
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)
            await log.append(written[at : at + 20])
            await caught_up(indexer)
        of_process = await answers(index)
        assert indexer.error is None
    assert len(killed) >= 3
    assert value_of(metrics, RESTARTS) == len(killed)
    async with following(tmp_path / "thread.db", log, own_process=False) as (index, indexer):
        assert index.folding_pid is None
        await caught_up(indexer)
        assert await answers(index) == of_process


async def test_a_cancelled_request_is_done_or_not_as_a_whole_and_the_next_one_is_served(tmp_path: Path) -> None:
    async with opened(tmp_path / "index.db") as fold:
        asked = asyncio.create_task(fold.apply(records(60)))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert (await fold.positions()).get(0, 0) in {0, 61}


async def test_it_ends_with_the_index_and_by_no_signal_that_is_meant_for_the_gateway(tmp_path: Path) -> None:
    async with opened(tmp_path / "index.db") as fold:
        pid = fold.pid
        assert pid is not None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(pid, number)
        await fold.apply(records(10))
        assert fold.pid == pid
        assert await fold.positions() == {0: 11}
    assert not is_running(pid)


def test_it_ends_when_whoever_started_it_is_gone() -> None:
    command = [sys.executable, "-P", "-m", "dashstream.adapters.sqlite.fold_worker"]
    ended = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


async def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunIndexError, match="unable to open database file"):
        async with opened(tmp_path / "no such folder" / "index.db"):
            pass


async def test_an_index_that_was_taken_away_is_not_made_anew_behind_its_readers(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    async with opened(path) as fold:
        await fold.apply(records(10))
        assert fold.pid is not None
        os.kill(fold.pid, signal.SIGKILL)
        with pytest.raises(RunIndexError, match="ended without an answer"):
            await fold.positions()
        for file in tmp_path.iterdir():
            file.unlink()
        with pytest.raises(RunIndexError, match="not the index that was opened"):
            await fold.positions()


async def test_two_writers_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    async with opened(path) as fold:
        await fold.apply(records(10))
        other = sqlite3.connect(path)
        other.execute("UPDATE meta SET value = '77' WHERE key = 'changes'")
        other.commit()
        other.close()
        with pytest.raises(RunIndexError, match="another process has written"):
            await fold.apply(records(10))
        await fold.apply(records(10))  # its successor knows the file as it is
        assert fold.version.endswith("-78")


def test_a_writer_that_was_overtaken_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    first, second = (IndexWriter(open_index(path, EPOCH, MARKS), Limits(), 10) for _ in range(2))
    second.apply(records(10))
    with pytest.raises(RunIndexError, match="another process has written"):
        first.apply(records(20))
    assert second.positions() == {0: 11}
    assert first.version != second.version


def test_a_worker_says_why_it_ends(tmp_path: Path) -> None:
    opening = Open(str(tmp_path / "index.db"), EPOCH, {0: (0, 10)}, 1 << 20, 10)
    done, told, failed = served(opening, TellPositions(), opening, TellPositions())
    assert isinstance(done, Done)
    assert isinstance(told, Done)
    assert (told.version, told.positions) == (done.version, {})
    assert told.cpu_s >= done.cpu_s > 0
    assert failed == Failed("the index is open already")
    assert served(TellPositions()) == []


@pytest.mark.parametrize("left", [0, 3, 9])
def test_a_request_that_stops_in_the_middle_is_none(left: int) -> None:
    assert read_request(io.BytesIO(framed(apply_of(records(5)))[:left])) is None


_offsets = some.integers(0, (1 << 63) - 1)


@given(some.lists(some.tuples(some.integers(0, 1 << 31), _offsets, some.none() | some.binary(max_size=50))))
def test_records_travel_as_they_are(rows: list[tuple[int, int, bytes | None]]) -> None:
    request = apply_of([LogRecord(partition, offset, 1, b"key", value) for partition, offset, value in rows])
    assert read_request(io.BytesIO(framed(request))) == Apply(rows) == request


def served(*requests: Any) -> list[Any]:
    """What a worker answers, in this process."""
    told = io.BytesIO()
    serve(io.BytesIO(b"".join(framed(request) for request in requests)), told)
    told.seek(0)
    found = []
    while head := told.read(LENGTH.size):
        found.append(answer_of(told.read(*LENGTH.unpack(head))))
    return found
