"""Where a cursor by threads starts, see ``start``.

It only ever starts earlier than it could: what is not known to the index is read from the beginning, and whoever
resumes drops what comes again by its sequence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from dashstream.engine.ports import RunLocator, ThreadPlaces, Watermark
from dashstream.engine.ring import Hole
from dashstream.engine.start_value import ResolvedStart
from dashstream.errors import RunIndexError
from dashstream.protocol.codes import GapReason
from dashstream.protocol.effects import SubscribeRequest
from dashstream.protocol.position import FaultTally, PositionFault

INDEX_WAIT_S, INDEX_RETRY_S = 5.0, 0.1


async def apply_threads(
    start: ResolvedStart,
    request: SubscribeRequest,
    threads: Mapping[str, int],
    marks: Mapping[int, Watermark],
    locator: RunLocator | None,
) -> None:
    """Raise the positions to where the threads go on, if that is known of every thread of the filter."""
    start.faults = dict(request.faults)
    try:
        wanted = {**dict.fromkeys(request.filter.threads or (), 0), **threads}
        places = await _places(request, wanted, marks, locator)
    except RunIndexError:
        return
    if places is None:
        return
    for thread in wanted.keys() - places.starts.keys():
        if wanted[thread]:
            fault = PositionFault.UNKNOWN_SEQUENCE
            start.faults.setdefault(fault, FaultTally(fault)).add(thread, wanted[thread])
    if wanted.keys() != places.starts.keys():
        return
    for partition, mark in marks.items():
        known = min(places.reached.get(partition, 0), mark.high)
        first = min((at[partition] for at in places.starts.values() if partition in at), default=known)
        start.positions[partition] = max(mark.low, min(first, known))
    _note_removed(start, places, marks)


async def _places(
    request: SubscribeRequest,
    threads: Mapping[str, int],
    marks: Mapping[int, Watermark],
    locator: RunLocator | None,
) -> ThreadPlaces | None:
    """Ask the index; give it a moment to get to the heads if it does not know what the client has seen live."""
    if locator is None:
        return None
    loop = asyncio.get_running_loop()
    end = loop.time() + INDEX_WAIT_S
    while True:
        places = await locator.locate_threads(threads, request.filter.tenants)
        is_whole = all(places.reached.get(partition, 0) >= mark.high for partition, mark in marks.items())
        if is_whole or places.starts.keys() == threads.keys() or loop.time() >= end:
            return places
        await asyncio.sleep(INDEX_RETRY_S)


def _note_removed(start: ResolvedStart, places: ThreadPlaces, marks: Mapping[int, Watermark]) -> None:
    """Tell a gap where retention may have removed what comes after a sequence: how much cannot be known."""
    for thread, at in places.starts.items():
        if thread in places.exact:
            continue
        for partition in at:
            if marks[partition].low and not any(hole.partition == partition for hole in start.gaps):
                start.gaps.append(Hole(partition, 0, start.positions[partition], GapReason.NOT_RETAINED))
