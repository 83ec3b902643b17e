"""What a program left on disk when it ended reaches the log, once and in order, without another program."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashstream.adapters.memory.log import MemoryLog
from dashstream.adapters.spool import SpoolDirectory
from dashstream.app.spool_intake import SpoolIntake
from dashstream.engine.ingest_service import IngestService
from dashstream.engine.limits import IngestLimits
from dashstream.engine.ports import NoMetrics
from dashstream.errors import LogFullError
from dashstream.protocol.proto_codec import read_header
from integration.gateway.serving import record
from unit.test_ingest_service import StillClock


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


def intake(log: MemoryLog, folder: Path) -> SpoolIntake:
    return SpoolIntake(folder, IngestService(log, IngestLimits(), StillClock(), NoMetrics()), NoMetrics())


def spooled(folder: Path, *batches: list[bytes]) -> SpoolDirectory:
    spool = SpoolDirectory.create(folder, "gone", max_bytes=1 << 20)
    for batch in batches:
        spool.append(batch)
    return spool


async def stored(log: MemoryLog) -> list[int]:
    records = [
        found
        for partition in range(log.partition_count)
        for found in await log.read(partition, 0, max_records=1000, max_bytes=1 << 20)
    ]
    return [read_header(found.value).header.sequence for found in records if found.value is not None]


async def test_a_spool_whose_program_is_gone_is_taken_in_and_removed(log: MemoryLog, tmp_path: Path) -> None:
    spooled(tmp_path, [record(1), record(2)], [record(3)]).close()
    assert await intake(log, tmp_path).take_all() == 3
    assert await stored(log) == [1, 2, 3]
    assert list(tmp_path.iterdir()) == []


async def test_what_the_gateway_has_already_is_not_stored_again(log: MemoryLog, tmp_path: Path) -> None:
    service = IngestService(log, IngestLimits(), StillClock(), NoMetrics())
    await service.submit([record(1), record(2)])
    spooled(tmp_path, [record(2), record(3)]).close()
    await intake(log, tmp_path).take_all()
    assert await stored(log) == [1, 2, 3]


async def test_the_spool_of_a_living_program_is_left_alone(log: MemoryLog, tmp_path: Path) -> None:
    with spooled(tmp_path, [record(1)]):
        assert await intake(log, tmp_path).take_all() == 0
    assert await stored(log) == []


async def test_what_the_log_refuses_stays_spooled(log: MemoryLog, tmp_path: Path) -> None:
    spooled(tmp_path, [record(1)]).close()
    log.fail_next_append(LogFullError("full"))
    taking = intake(log, tmp_path)
    with pytest.raises(LogFullError):
        await taking.take_all()
    assert await stored(log) == []
    assert await taking.take_all() == 1
    assert await stored(log) == [1]


async def test_a_folder_that_is_not_there_holds_nothing(log: MemoryLog, tmp_path: Path) -> None:
    assert await intake(log, tmp_path / "none").take_all() == 0
