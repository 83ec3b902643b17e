"""Records on their way in: bounded together, refused one by one, put off with a time to come back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from dashstream.adapters.http.problems import problem_of
from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine.ingest_service import IngestService
from dashstream.engine.limits import IngestLimits
from dashstream.engine.ports import Appended, NewRecord, NoMetrics
from dashstream.errors import LogFullError, OverloadedError
from integration.gateway.serving import record


class StillClock:
    """Time stands still."""

    def now_us(self) -> int:
        return 42

    def monotonic(self) -> float:
        return 0.0


class GatedLog(MemoryLog):
    """A log whose disk answers when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        await self.gate.wait()
        return await super().append(records)


def service(log: MemoryLog, **limits: float) -> IngestService:
    return IngestService(log, IngestLimits(**limits), StillClock(), NoMetrics())  # type: ignore[arg-type]  # int or float


async def test_what_waits_for_the_disk_is_bounded_and_nothing_of_a_late_batch_is_taken() -> None:
    log = GatedLog()
    size = len(record(1))
    ingest = service(log, max_inflight_bytes=max(1024, 3 * size), retry_after_s=2.5)
    fits = max(1024, 3 * size) // size
    waiting = asyncio.create_task(ingest.submit([record(number) for number in range(1, fits + 1)]))
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError) as caught:
        await ingest.submit([record(number) for number in range(100, 103)])
    problem = problem_of(caught.value)
    assert (problem.status, problem.headers["Retry-After"]) == (429, "3")
    log.gate.set()
    assert (await waiting).accepted == fits
    assert (await ingest.submit([record(100)])).accepted == 1, "room again"
    assert ingest.overloaded == 1


async def test_one_batch_above_the_bound_is_taken_when_nothing_waits() -> None:
    ingest = service(MemoryLog(), max_inflight_bytes=1024)
    assert (await ingest.submit([record(number, size=300) for number in range(1, 20)])).accepted == 19


async def test_a_full_disk_is_a_503_and_nothing_was_taken() -> None:
    log = MemoryLog()
    ingest = service(log)
    log.fail_next_append(LogFullError("full"))
    with pytest.raises(LogFullError) as caught:
        await ingest.submit([record(1)])
    problem = problem_of(caught.value)
    assert (problem.status, problem.code) == (503, "log_full")
    assert int(problem.headers["Retry-After"]) >= 1
    assert (await ingest.submit([record(1)])).accepted == 1


async def test_the_same_records_again_are_duplicates_and_a_new_epoch_is_not() -> None:
    ingest = service(MemoryLog())
    assert (await ingest.submit([record(1), record(2)])).accepted == 2
    again = await ingest.submit([record(1), record(2), record(3)])
    assert (again.accepted, again.duplicates) == (1, 2)
    restarted = await ingest.submit([record(1, epoch=2), record(1, producer="other"), record(1, thread="other")])
    assert (restarted.accepted, restarted.duplicates) == (3, 0)


async def test_unsequenced_records_are_never_duplicates() -> None:
    ingest = service(MemoryLog())
    for _ in range(2):
        assert (await ingest.submit([record(0), record(1, producer="")])).accepted == 2


async def test_a_batch_of_nothing_usable() -> None:
    ingest = service(MemoryLog())
    result = await ingest.submit([b"", b"\x01bad"])
    assert (result.accepted, [index for index, _, _ in result.rejected]) == (0, [0, 1])
    assert (await ingest.submit([])).accepted == 0
    assert ingest.totals == {"accepted": 0, "duplicate": 0, "rejected": 2}


async def test_a_record_above_the_limit_is_refused_alone() -> None:
    ingest = service(MemoryLog(), max_record_bytes=2_048)
    result = await ingest.submit([record(1, size=8_000), record(2)])
    assert (result.accepted, [(index, code) for index, code, _ in result.rejected]) == (1, [(0, "record_too_large")])
