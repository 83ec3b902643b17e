"""Where a subscription starts, for everything that a client may ask and everything that a log may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import NewRecord, RunLocation, Watermark, partition_of
from dashstream.engine.start import ResolvedStart, resolve_start
from dashstream.errors import RunIndexError
from dashstream.protocol import control
from dashstream.protocol.codes import GapReason, StartFrom
from dashstream.protocol.effects import SubscribeRequest
from dashstream.protocol.position import PositionFault

KEYS = {partition_of(key, 2): key for key in (b"thread-a", b"thread-b", b"thread-d")}


async def log_of(*, low: tuple[int, int] = (2, 0), high: tuple[int, int] = (10, 5), dense: bool = True) -> MemoryLog:
    """Two partitions with these watermarks."""
    log = MemoryLog(LogLimits(partitions=2, retention_age_s=0, retention_bytes=0), dense=dense)
    for partition in (0, 1):
        await log.append([NewRecord(KEYS[partition], b"x", 0)] * high[partition])
        log.trim(partition, low[partition])
    return log


class Locator:
    """Knows some runs, or is broken."""

    def __init__(self, known: dict[str, RunLocation] | None) -> None:
        self._known = known

    async def locate(self, run_id: str) -> RunLocation | None:
        if self._known is None:
            raise RunIndexError("broken")
        return self._known.get(run_id)


async def start(
    log: MemoryLog,
    origin: StartFrom,
    *,
    positions: dict[int, int] | None = None,
    epoch: str | None = None,
    runs: list[str] | None = None,
    known: Any = (),
) -> ResolvedStart:
    if origin is StartFrom.CURSOR:
        epoch = epoch or log.epoch
    request = SubscribeRequest(1, control.Filter(runs=runs), origin, epoch, positions or {}, {}, False, 1)
    return await resolve_start(request, log, Locator(known) if known != () else None)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (StartFrom.LATEST, {0: 10, 1: 5}),
        (StartFrom.EARLIEST, {0: 2, 1: 0}),
        (StartFrom.SNAPSHOT, {0: 2, 1: 0}),
    ],
)
async def test_without_a_cursor(origin: StartFrom, expected: dict[int, int]) -> None:
    found = await start(await log_of(), origin)
    assert (found.positions, found.heads, found.gaps, found.faults) == (expected, {0: 10, 1: 5}, [], {})


async def test_a_cursor_is_honoured_and_what_it_does_not_name_starts_at_its_beginning() -> None:
    found = await start(await log_of(), StartFrom.CURSOR, positions={0: 7})
    assert (found.positions, found.gaps) == ({0: 7, 1: 0}, [])


@pytest.mark.parametrize(("dense", "count"), [(True, 2), (False, None)])
async def test_below_the_low_watermark_is_a_gap_of_exactly_what_is_missing(dense: bool, count: int | None) -> None:
    found = await start(await log_of(dense=dense), StartFrom.CURSOR, positions={0: 0, 1: 0})
    (gap,) = found.gaps
    assert (gap.partition, gap.offset, gap.end, gap.reason, gap.count) == (0, 0, 2, GapReason.NOT_RETAINED, count)
    assert found.before_gaps == {0: 0}
    assert found.positions == {0: 2, 1: 0}


async def test_at_the_watermarks_nothing_is_missing_and_nothing_ahead() -> None:
    found = await start(await log_of(), StartFrom.CURSOR, positions={0: 2, 1: 5})
    assert (found.positions, found.gaps, found.faults) == ({0: 2, 1: 5}, [], {})


async def test_ahead_of_the_log_is_a_fault() -> None:
    found = await start(await log_of(), StartFrom.CURSOR, positions={0: 11, 1: 5})
    assert found.positions == {0: 10, 1: 5}
    assert {fault: tally.count for fault, tally in found.faults.items()} == {PositionFault.AHEAD: 1}


async def test_a_shared_log_that_tells_an_older_end_for_a_moment_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    log = await log_of(dense=False)
    marks = await log.watermarks()
    answers = iter([{p: replace(mark, high=mark.low) for p, mark in marks.items()}, marks])

    async def late() -> Mapping[int, Watermark]:
        return next(answers)

    monkeypatch.setattr(log, "watermarks", late)
    found = await start(log, StartFrom.CURSOR, positions={0: 9, 1: 5})
    assert (found.positions, found.heads, found.faults) == ({0: 9, 1: 5}, {0: 10, 1: 5}, {})


async def test_another_epoch_voids_the_cursor() -> None:
    found = await start(await log_of(), StartFrom.CURSOR, positions={0: 7, 1: 2**62}, epoch="older")
    assert found.epoch_changed
    assert found.positions == {0: 2, 1: 0}
    assert [(gap.partition, gap.reason, gap.count) for gap in found.gaps] == [
        (0, GapReason.EPOCH_CHANGED, None),
        (1, GapReason.EPOCH_CHANGED, None),
    ]


async def test_known_runs_save_reading() -> None:
    known = {"r": RunLocation(0, 4, 8), "s": RunLocation(0, 6)}
    assert (await start(await log_of(), StartFrom.EARLIEST, runs=["r"], known=known)).positions == {0: 4, 1: 5}
    assert (await start(await log_of(), StartFrom.SNAPSHOT, runs=["r"], known=known)).positions == {0: 8, 1: 5}
    assert (await start(await log_of(), StartFrom.SNAPSHOT, runs=["r", "s"], known=known)).positions == {0: 6, 1: 5}
    resumed = await start(await log_of(), StartFrom.CURSOR, positions={0: 9, 1: 0}, runs=["r"], known=known)
    assert (resumed.positions, resumed.gaps) == ({0: 9, 1: 5}, [])


async def test_a_known_run_whose_first_records_are_gone_says_so_only_to_a_cursor() -> None:
    known = {"r": RunLocation(0, 0)}
    assert (await start(await log_of(), StartFrom.EARLIEST, runs=["r"], known=known)).positions == {0: 2, 1: 5}
    resumed = await start(await log_of(), StartFrom.CURSOR, positions={0: 1}, runs=["r"], known=known)
    assert [(gap.offset, gap.end) for gap in resumed.gaps] == [(1, 2)]


@pytest.mark.parametrize("known", [{}, None], ids=["unknown run", "broken index"])
async def test_what_the_index_does_not_know_is_read_from_the_log(known: Any) -> None:
    assert (await start(await log_of(), StartFrom.SNAPSHOT, runs=["r"], known=known)).positions == {0: 2, 1: 0}
