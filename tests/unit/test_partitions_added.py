"""A log that gets more partitions while it is followed."""

from __future__ import annotations

import asyncio
import json

from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine.hub import Hub
from dashstream.engine.ingest import IngestPump
from dashstream.engine.limits import ClientLimits, IngestLimits, LogLimits, RingLimits
from dashstream.engine.ports import NewRecord, NoMetrics, partition_of
from dashstream.engine.replay import Replay
from dashstream.engine.ring import Entry, Ring
from dashstream.engine.selection import Selection
from dashstream.protocol.effects import Credit, Effect, Send, ServerIdentity, SessionLimits
from dashstream.protocol.framing import Limits
from dashstream.protocol.session import ServerSession

SESSION_LIMITS = SessionLimits(
    max_frame_bytes=65_536,
    max_record_bytes=1_000_000,
    max_batch_bytes=100_000,
    max_window_bytes=1_000_000,
    max_subscriptions=3,
    max_resume_partitions=4,
    max_resume_threads=4,
    max_filter_values=5,
    hello_timeout_s=10.0,
    bad_frames=3,
)


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


def test_a_client_may_acknowledge_what_came_from_an_added_partition() -> None:
    session = ServerSession(SESSION_LIMITS, ServerIdentity("1", "i", "topic", "epoch", 1, 1), "session", now=0.0)

    def say(frame: dict[str, object]) -> list[Effect]:
        return session.receive(json.dumps(frame).encode(), 0.0)

    say({"type": "hello", "protocol": "dashstream.v2", "client": {"name": "c", "version": "1"}})
    session.welcome(None, [], 0.0)
    say({"type": "subscribe", "id": 1, "start": {"from": "earliest"}})
    ack: dict[str, object] = {"type": "ack", "id": 1, "positions": {"3": "7"}}
    (refused,) = say(ack)
    assert isinstance(refused, Send)
    session.note_partitions(4)
    assert say(ack) == [Credit(1, {3: 7})]
