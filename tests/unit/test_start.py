"""Where a subscription starts, for everything that a client may ask and everything that a log may be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import NewRecord, RunLocation, ThreadPlaces, Watermark, partition_of
from dashstream.engine.start import resolve_start
from dashstream.engine.start_value import ResolvedStart
from dashstream.errors import RunIndexError
from dashstream.protocol import control
from dashstream.protocol.codes import GapReason, StartFrom
from dashstream.protocol.effects import SubscribeRequest
from dashstream.protocol.position import NOW, PositionFault, RunMoment

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

    async def locate(
        self, run_id: str, at: RunMoment = NOW, tenants: Collection[str] | None = None
    ) -> RunLocation | None:
        assert tenants is None
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
    assert resumed.steps == {}
    assert (resumed.positions, resumed.gaps) == ({0: 9, 1: 5}, [])


async def test_a_snapshot_says_which_step_it_starts_with_where_it_does() -> None:
    known = {"r": RunLocation(0, 4, 8, 17), "s": RunLocation(0, 4, 7, 3), "t": RunLocation(1, 0, 2)}
    assert (await start(await log_of(), StartFrom.SNAPSHOT, runs=["r"], known=known)).steps == {"r": 17}
    assert (await start(await log_of(), StartFrom.SNAPSHOT, runs=["r", "s", "t"], known=known)).steps == {"s": 3}
    assert (await start(await log_of(low=(9, 0)), StartFrom.SNAPSHOT, runs=["r"], known=known)).steps == {}
    assert (await start(await log_of(), StartFrom.EARLIEST, runs=["r"], known=known)).steps == {}


async def test_a_known_run_whose_first_records_are_gone_says_so_only_to_a_cursor() -> None:
    known = {"r": RunLocation(0, 0)}
    assert (await start(await log_of(), StartFrom.EARLIEST, runs=["r"], known=known)).positions == {0: 2, 1: 5}
    resumed = await start(await log_of(), StartFrom.CURSOR, positions={0: 1}, runs=["r"], known=known)
    assert [(gap.offset, gap.end) for gap in resumed.gaps] == [(1, 2)]


@pytest.mark.parametrize("known", [{}, None], ids=["unknown run", "broken index"])
async def test_what_the_index_does_not_know_is_read_from_the_log(known: Any) -> None:
    assert (await start(await log_of(), StartFrom.SNAPSHOT, runs=["r"], known=known)).positions == {0: 2, 1: 0}


class Threads(Locator):
    """Knows where threads go on."""

    def __init__(self, *places: ThreadPlaces) -> None:
        super().__init__({})
        self._places = list(places)

    async def locate_threads(self, after: Mapping[str, int], tenants: Collection[str] | None) -> ThreadPlaces:
        return self._places.pop(0) if len(self._places) > 1 else self._places[0]


async def by_threads(
    log: MemoryLog, after: dict[str, int], *places: ThreadPlaces, epoch: str | None = None
) -> ResolvedStart:
    wanted = control.Filter(threads=list(after))
    request = SubscribeRequest(
        1, wanted, StartFrom.CURSOR, epoch or log.epoch, {}, {}, strict=False, window_bytes=1, threads=after
    )
    return await resolve_start(request, log, Threads(*places) if places else None)


WHOLE = {0: 10, 1: 5}


async def test_threads_start_where_the_first_of_them_goes_on() -> None:
    places = ThreadPlaces({"a": {0: 7}, "b": {0: 5, 1: 3}}, frozenset("ab"), WHOLE)
    found = await by_threads(await log_of(), {"a": 3, "b": 2}, places)
    assert (found.positions, found.gaps, found.faults) == ({0: 5, 1: 3}, [], {})


async def test_where_no_thread_is_known_to_be_what_is_not_indexed_yet_is_read() -> None:
    places = ThreadPlaces({"a": {0: 7}}, frozenset("a"), {0: 9, 1: 4})
    assert (await by_threads(await log_of(), {"a": 3}, places)).positions == {0: 7, 1: 4}


async def test_a_gap_says_that_retention_may_have_removed_what_comes_next() -> None:
    places = ThreadPlaces({"a": {0: 6}}, frozenset(), WHOLE)
    found = await by_threads(await log_of(), {"a": 3}, places)
    assert [(gap.partition, gap.offset, gap.end, gap.count) for gap in found.gaps] == [(0, 0, 6, None)]
    nothing_removed = await by_threads(await log_of(low=(0, 0)), {"a": 3}, places)
    assert nothing_removed.gaps == []


async def test_an_index_that_is_behind_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashstream.engine.thread_start.INDEX_RETRY_S", 0)
    behind = ThreadPlaces({}, frozenset(), {0: 1, 1: 0})
    there = ThreadPlaces({"a": {0: 9}}, frozenset("a"), WHOLE)
    found = await by_threads(await log_of(), {"a": 3}, behind, behind, there)
    assert (found.positions, found.faults) == ({0: 9, 1: 5}, {})


async def test_a_thread_that_is_not_known_is_read_from_the_beginning_and_told() -> None:
    places = ThreadPlaces({"a": {0: 7}}, frozenset("a"), WHOLE)
    found = await by_threads(await log_of(), {"a": 3, "b": 4}, places)
    assert found.positions == {0: 2, 1: 0}
    assert found.faults[PositionFault.UNKNOWN_SEQUENCE].count == 1


async def test_without_an_index_or_in_another_epoch_threads_start_at_the_beginning() -> None:
    log = await log_of()
    assert (await by_threads(log, {"a": 3})).positions == {0: 2, 1: 0}
    places = ThreadPlaces({"a": {0: 7}}, frozenset("a"), WHOLE)
    other = await by_threads(log, {"a": 3}, places, epoch="another")
    assert (other.positions, other.epoch_changed) == ({0: 2, 1: 0}, True)
