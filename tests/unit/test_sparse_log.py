"""Offsets without records: passed in silence where the log is sparse, told as lost where it is dense."""

from __future__ import annotations

import asyncio

import pytest

from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine.hub import Hub
from dashstream.engine.ingest import IngestPump
from dashstream.engine.limits import ClientLimits, IngestLimits, LogLimits, RingLimits
from dashstream.engine.ports import NewRecord, NoMetrics
from dashstream.engine.replay import Replay
from dashstream.engine.ring import Entry, Hole, Ring
from dashstream.engine.selection import Selection
from dashstream.engine.views import Views
from dashstream.protocol.batch import decode_frame, encode_frame_lead
from dashstream.protocol.codes import GapReason
from dashstream.protocol.framing import Limits


def sparse_log() -> MemoryLog:
    return MemoryLog(LogLimits(partitions=1), dense=False)


async def append(log: MemoryLog, *values: bytes) -> None:
    await log.append([NewRecord(b"thread", value, 1) for value in values])


class Rig:
    """A pump over a log with one partition."""

    def __init__(self, log: MemoryLog, ring_records: int = 100) -> None:
        self.log = log
        self.ring = Ring(RingLimits(max_records=ring_records))
        hub = Hub(self.ring, ClientLimits(), NoMetrics())
        self.pump = IngestPump(log, self.ring, hub, IngestLimits(), NoMetrics())

    async def drain(self) -> None:
        """Pump until the ring is where the log is."""
        high = (await self.log.watermarks())[0].high
        while self.ring.positions[0] < high:
            await self.pump.pump_once()

    def holes(self) -> list[Hole]:
        return [item for item in self.ring.since(self.ring.begin, 1_000) if isinstance(item, Hole)]

    def offsets(self) -> list[int]:
        return [item.offset for item in self.ring.since(self.ring.begin, 1_000) if isinstance(item, Entry)]


async def test_the_pump_passes_offsets_without_records() -> None:
    rig = Rig(sparse_log())
    await rig.pump.start()
    await append(rig.log, b"a")
    rig.log.skip(0, 3)
    await append(rig.log, b"b")
    rig.log.skip(0, 2)
    await rig.drain()
    assert rig.offsets() == [0, 4]
    assert rig.holes() == []
    assert rig.ring.positions == {0: 7}


async def test_nothing_but_offsets_without_records_does_not_hold_up_the_pump() -> None:
    rig = Rig(sparse_log())
    await rig.pump.start()
    rig.log.skip(0, 5)
    assert await rig.pump.pump_once() == 0
    assert rig.ring.positions == {0: 5}
    assert rig.holes() == []


@pytest.mark.parametrize("lost", [1, 4], ids=["between records", "at the end"])
async def test_a_dense_log_tells_what_is_lost(lost: int) -> None:
    rig = Rig(MemoryLog(LogLimits(partitions=1)))
    await rig.pump.start()
    await append(rig.log, *(b"%d" % index for index in range(5)))
    rig.log.lose(0, lost)
    await rig.drain()
    assert rig.holes() == [Hole(0, lost, lost + 1, GapReason.LOST, 1)]
    assert rig.offsets() == [offset for offset in range(5) if offset != lost]


async def test_a_replay_passes_offsets_without_records() -> None:
    rig = Rig(sparse_log(), ring_records=1)
    await rig.pump.start()
    for _ in range(3):
        await append(rig.log, b"a")
        rig.log.skip(0, 2)
    await rig.drain()
    replay = Replay(
        rig.log,
        rig.ring,
        Selection(),
        {0: 0},
        page_bytes=1_000_000,
        record_limits=Limits(max_record_bytes=1_000_000),
        reads=asyncio.Semaphore(1),
    )
    delivered = 0
    while page := await replay.next_page():
        assert page.hole is None
        delivered += page.count
    assert delivered == 3
    assert replay.positions == {0: 9}


async def test_a_first_record_names_the_one_before_where_a_subscriber_knows_it() -> None:
    """The ring began after it; without it a hole before the first live record would go unseen."""
    rig = Rig(sparse_log())
    await append(rig.log, b"0", b"1", b"2")
    await rig.pump.start()
    views = Views(rig.ring)
    view = views.enter(Selection())
    view.note_delivered({0: 3})
    await append(rig.log, b"3", b"4")
    await rig.drain()
    views.extend()
    entries = decode_frame(encode_frame_lead(1, 1) + views.page(view, 0, 1_000).body).entries
    assert [(entry.offset, entry.step) for entry in entries] == [(3, 1), (4, 1)]
