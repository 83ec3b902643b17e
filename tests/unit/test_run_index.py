"""The run index is a view: however it was folded, from whatever it was left with, it answers the same."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dashstream.adapters.memory.log import MemoryLog
from dashstream.adapters.sqlite.run_index import SqliteRunIndex
from dashstream.engine.index_limits import IndexLimits
from dashstream.engine.ports import NewRecord, NoMetrics, RunLocation
from dashstream.engine.run_index import Indexer, RunQuery
from dashstream.protocol.framing import Limits
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.patch import Op
from dashstream.protocol.position import RunMoment
from dashstream.protocol.proto_codec import decode
from index_histories import KEEP_ALL, answers, histories
from integration.gateway.serving import until
from run_builder import RunBuilder


@asynccontextmanager
async def indexed(path: Path, log: MemoryLog, batch: int = 100) -> AsyncIterator[SqliteRunIndex]:
    """An index that follows a log; it has folded everything when the block begins."""
    bounds = IndexLimits(batch_records=batch, own_process=False)
    index = await SqliteRunIndex.open(path, log, Limits(), bounds)
    indexer = Indexer(log, index, bounds, NoMetrics())
    task = asyncio.create_task(indexer.run())
    try:
        await caught_up(index, log)
        yield index
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await index.close()


async def caught_up(index: SqliteRunIndex, log: MemoryLog) -> None:
    async def is_caught_up() -> bool:
        positions = await index.positions()
        marks = await log.watermarks()
        return all(positions.get(one, 0) >= mark.high for one, mark in marks.items() if mark.high > mark.low)

    await until(is_caught_up, "the index has folded the log")


@pytest.mark.parametrize("seed", range(4))
async def test_folded_in_pieces_or_at_once_or_again_it_answers_the_same(tmp_path: Path, seed: int) -> None:
    log = MemoryLog(KEEP_ALL)
    records = histories(seed)
    async with indexed(tmp_path / "pieces.db", log, batch=1 + seed) as index:
        for at in range(0, len(records), 7):
            await log.append(records[at : at + 7])
            await caught_up(index, log)
        in_pieces = await answers(index)
    assert len(in_pieces) == 14
    async with indexed(tmp_path / "once.db", log) as index:
        assert await answers(index) == in_pieces
    async with indexed(tmp_path / "pieces.db", log) as index:
        assert await answers(index) == in_pieces, "reopened, it goes on where it was"
    (tmp_path / "pieces.db").unlink()
    async with indexed(tmp_path / "pieces.db", log) as index:
        assert await answers(index) == in_pieces, "deleted, it folds itself again"


async def test_a_stop_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    log = MemoryLog(KEEP_ALL)
    records = histories(9)
    for at in range(0, len(records), 40):
        await log.append(records[at : at + 40])
        async with indexed(tmp_path / "index.db", log, batch=3) as index:
            stopped_and_started = await answers(index)
    async with indexed(tmp_path / "whole.db", log) as index:
        assert await answers(index) == stopped_and_started


async def test_every_moment_of_a_run_has_its_whole_state_and_that_its_step(tmp_path: Path) -> None:
    log = MemoryLog(KEEP_ALL)
    run = RunBuilder(run_id="r")
    offsets = {}
    run.start({"n": 0, "text": "x" * 600_000})
    offsets[0] = 2
    for step in range(1, 8):
        run.step(step, [Op("replace", ("n",), step)])
        if step == 3:
            offsets[3] = len(run.records)
            run.checkpoint(run.state)
        if step == 6:
            offsets[7] = len(run.records)
            run.full_state(7, {"n": 7})
    await log.append([NewRecord(b"thread", value, 0) for value in run.records])
    async with indexed(tmp_path / "index.db", log) as index:
        (partition,) = {part for part, mark in (await log.watermarks()).items() if mark.high}
        for step, whole in {0: 0, 1: 0, 2: 0, 3: 0, 4: 3, 5: 3, 6: 3, 7: 7, 8: 7, 99: 7}.items():
            expected = RunLocation(partition, 0, offsets[whole], whole)
            assert await index.locate("r", RunMoment(step=step)) == expected
        assert await index.locate("r", RunMoment(sequence=1)) == RunLocation(partition, 0)
        assert await index.locate("r", RunMoment(sequence=offsets[7])) == RunLocation(partition, 0, offsets[3], 3)
        assert await index.locate("r", tenants={"default"}) == RunLocation(partition, 0, offsets[7], 7)
        assert await index.locate("r", tenants={"red"}) is None


@pytest.mark.parametrize("batch", [1, 100])
async def test_a_thread_goes_on_after_the_highest_sequence_of_a_run_whose_producer_began_again(
    tmp_path: Path, batch: int
) -> None:
    log = MemoryLog(KEEP_ALL)
    before, after = (RunBuilder(run_id="r", thread_id="t") for _ in range(2))
    before.start({"n": 0})
    for step in range(1, 8):
        before.step(step, [Op("replace", ("n",), step)])
    after.end(pb.RUN_STATUS_OK)
    appended = await log.append([NewRecord(b"t", value, 0) for value in before.records + after.records])
    last = appended[len(before.records) - 1]
    async with indexed(tmp_path / "index.db", log, batch) as index:
        places = await index.locate_threads({"t": len(before.records)}, None)
    assert places.starts == {"t": {last.partition: last.offset + 1}}


@pytest.mark.parametrize("damage", ["garbage", "empty", "table", "version", "ahead", "epoch"])
async def test_a_file_that_does_not_fit_is_made_anew(tmp_path: Path, damage: str) -> None:
    log = MemoryLog(KEEP_ALL)
    await log.append(histories(1))
    path = tmp_path / "index.db"
    async with indexed(path, log) as index:
        expected = await answers(index)
    if damage in {"garbage", "empty"}:
        path.write_bytes(b"no database at all" * 500 if damage == "garbage" else b"")
    else:
        statement = {
            "table": "DROP TABLE positions",
            "version": "UPDATE meta SET value = '0' WHERE key = 'table_version'",
            "ahead": "UPDATE positions SET next_offset = next_offset + 1000",
            "epoch": "UPDATE meta SET value = 'another' WHERE key = 'epoch'",
        }[damage]
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)
    async with indexed(path, log) as index:
        assert await answers(index) == expected


async def test_what_retention_removed_is_forgotten(tmp_path: Path) -> None:
    log = MemoryLog(KEEP_ALL)
    records = histories(3)
    await log.append(records)
    bounds = IndexLimits()
    index = await SqliteRunIndex.open(tmp_path / "index.db", log, Limits(), bounds)
    indexer = Indexer(log, index, bounds, NoMetrics())
    task = asyncio.create_task(indexer.run())
    await caught_up(index, log)
    for partition, mark in (await log.watermarks()).items():
        log.trim(partition, mark.high)
    await indexer.trim()
    assert (await index.runs(RunQuery())).runs == []
    await log.append(records[:30])
    await caught_up(index, log)
    new = (await index.runs(RunQuery())).runs
    assert {run.run_id for run in new} == {
        decode(record.value).header.run_id for record in records[:30] if is_good(record)
    }
    assert await indexer.lag() == 0
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await index.close()


def is_good(record: NewRecord) -> bool:
    return not record.value.startswith(b"\xff")


async def test_an_index_far_behind_retention_catches_up(tmp_path: Path) -> None:
    log = MemoryLog(KEEP_ALL)
    await log.append(histories(5)[:50])
    async with indexed(tmp_path / "index.db", log):
        pass
    await log.append(histories(6))
    for partition, mark in (await log.watermarks()).items():
        log.trim(partition, mark.high - 5)
    async with indexed(tmp_path / "index.db", log) as index:
        continued = {run.run_id for run in (await index.runs(RunQuery())).runs}
    assert continued
