"""A log that gets more partitions while it is followed."""

from __future__ import annotations

import asyncio

from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine.hub import Hub
from dashstream.engine.ingest import IngestPump
from dashstream.engine.limits import ClientLimits, IngestLimits, LogLimits, RingLimits
from dashstream.engine.ports import NewRecord, NoMetrics, partition_of
from dashstream.engine.replay import Replay
from dashstream.engine.ring import Entry, Ring
from dashstream.engine.selection import Selection
from dashstream.protocol.framing import Limits


async def test_the_pump_and_a_walk_begun_before_deliver_added_partitions() -> None:
    log = MemoryLog(LogLimits(partitions=1))
    ring = Ring(RingLimits())
    hub = Hub(ring, ClientLimits(), NoMetrics())
    pump = IngestPump(log, ring, hub, IngestLimits(), NoMetrics())
    await pump.start()
    walk = Replay(
        log,
        ring,
        Selection(),
        dict(ring.positions),
        page_bytes=1_000_000,
        record_limits=Limits(max_record_bytes=1_000_000),
        reads=asyncio.Semaphore(1),
    )
    running = asyncio.create_task(pump.run())
    await asyncio.sleep(0)
    await log.add_partitions(3)
    key = next(key for key in (b"k%d" % index for index in range(1_000)) if partition_of(key, 4) == 3)
    await log.append([NewRecord(key, b"new", 1)])
    async with asyncio.timeout(10):
        while not len(ring):
            await hub.grown()
    running.cancel()
    (entry,) = ring.since(0, 10)
    assert isinstance(entry, Entry)
    assert (entry.partition, entry.offset) == (3, 0)
    delivered = 0
    while page := await walk.next_page():
        delivered += page.count
    assert delivered == 1
    assert walk.positions == {0: 0, 1: 0, 2: 0, 3: 1}
