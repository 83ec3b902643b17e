"""Where a subscription starts, from what the client asked for and what the log has.

The rules, for each partition:

- ``latest``: the high watermark. ``earliest``: the low watermark, and what retention removed before is no gap.
- ``cursor``: the client's next offset; a partition that the cursor does not name starts at its low watermark, for
  the client has never heard of it. Below the low watermark is a gap ``not_retained`` of exactly what is missing;
  above the high watermark is refused, or ignored and listed.
- a cursor by threads: from the first record that has a thread's sequence, or a later one, see ``thread_start``.
- another epoch: everything that the cursor says is void. A gap ``epoch_changed`` for each partition that it names,
  then as ``earliest``.
- If all runs of the filter are known to the locator, nothing outside their partitions is read, and nothing before
  their first records. ``snapshot`` starts at their latest whole states, or the latest before a moment, and says which
  step each is; it starts as ``earliest`` where that is not known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from dashstream.engine.ports import Log, RunLocation, RunLocator, Watermark
from dashstream.engine.ring import Hole
from dashstream.engine.start_value import MODE_EPOCH_CHANGED, ResolvedStart
from dashstream.engine.thread_start import apply_threads
from dashstream.errors import RunIndexError
from dashstream.protocol.codes import GapReason, StartFrom
from dashstream.protocol.effects import SubscribeRequest
from dashstream.protocol.position import FaultTally, PositionFault

AHEAD_WAIT_S, AHEAD_RETRY_S = 5.0, 0.1


async def resolve_start(request: SubscribeRequest, log: Log, locator: RunLocator | None) -> ResolvedStart:
    """Return where a subscription starts.

    Raises:
        LogError: the watermarks could not be read.
    """
    locations = await _locations(request, locator)
    marks = await _marks_for(request, log)
    heads = {partition: mark.high for partition, mark in marks.items()}
    if request.start is StartFrom.LATEST:
        return ResolvedStart(dict(heads), heads, request.start)
    start = ResolvedStart({partition: mark.low for partition, mark in marks.items()}, heads, request.start)
    if request.start is StartFrom.CURSOR:
        if request.epoch != log.epoch:
            _void_cursor(start, request)
        elif request.threads is not None:
            await apply_threads(start, request, request.threads, marks, locator)
        else:
            _apply_cursor(start, request, marks)
    if locations is not None:
        _skip_to(start, locations, snapshot=request.start is StartFrom.SNAPSHOT)
    if request.start is StartFrom.CURSOR and not start.epoch_changed and request.threads is None:
        _note_not_retained(start, marks, dense=log.dense)
    return start


async def _marks_for(request: SubscribeRequest, log: Log) -> Mapping[int, Watermark]:
    """Return the watermarks; wait a little where a shared log says that it ends below a cursor of its own epoch.

    A broker that was killed tells an older end for a moment after its start, and has all the same what it had.
    """
    marks = await log.watermarks()
    if log.dense or request.start is not StartFrom.CURSOR or request.epoch != log.epoch:
        return marks
    with suppress(TimeoutError):
        async with asyncio.timeout(AHEAD_WAIT_S):
            while any(offset > marks[partition].high for partition, offset in request.positions.items()):
                await asyncio.sleep(AHEAD_RETRY_S)
                marks = await log.watermarks()
    return marks


async def _locations(request: SubscribeRequest, locator: RunLocator | None) -> dict[str, RunLocation] | None:
    """Return where all runs of the filter are, or None if that is not known. Knowing it only saves reading, so a
    broken index delays a subscription and never fails it.
    """
    if locator is None or request.filter.runs is None:
        return None
    try:
        found = {run: await locator.locate(run, request.at, request.filter.tenants) for run in request.filter.runs}
    except RunIndexError:
        return None
    known = {run: location for run, location in found.items() if location is not None}
    return known if len(known) == len(found) else None


def _apply_cursor(start: ResolvedStart, request: SubscribeRequest, marks: Mapping[int, Watermark]) -> None:
    start.faults = dict(request.faults)
    for partition, offset in request.positions.items():
        if offset > marks[partition].high:
            tally = start.faults.setdefault(PositionFault.AHEAD, FaultTally(PositionFault.AHEAD))
            tally.add(partition, offset)
            start.positions[partition] = marks[partition].high
        else:
            start.positions[partition] = offset


def _void_cursor(start: ResolvedStart, request: SubscribeRequest) -> None:
    start.mode = MODE_EPOCH_CHANGED
    start.faults = dict(request.faults)
    start.gaps = [
        Hole(partition, offset, start.positions[partition], GapReason.EPOCH_CHANGED)
        for partition, offset in sorted(request.positions.items())
    ]


def _skip_to(start: ResolvedStart, locations: Mapping[str, RunLocation], *, snapshot: bool) -> None:
    firsts: dict[int, int] = {}
    for location in locations.values():
        first = location.first_offset
        if snapshot and location.snapshot_offset is not None:
            first = location.snapshot_offset
        firsts[location.partition] = min(first, firsts.get(location.partition, first))
    for partition, head in start.heads.items():
        lowest = min(firsts.get(partition, head), head)
        start.positions[partition] = max(start.positions[partition], lowest)
    if snapshot:
        start.steps = {
            run: location.snapshot_step
            for run, location in locations.items()
            if location.snapshot_step is not None and location.snapshot_offset == start.positions[location.partition]
        }


def _note_not_retained(start: ResolvedStart, marks: Mapping[int, Watermark], *, dense: bool) -> None:
    for partition, offset in start.positions.items():
        low = marks[partition].low
        if offset < low:
            count = low - offset if dense else None
            start.gaps.append(Hole(partition, offset, low, GapReason.NOT_RETAINED, count))
            start.positions[partition] = low
