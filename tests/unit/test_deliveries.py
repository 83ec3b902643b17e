"""What one client's subscriptions are to each other: none waits until another has nothing more to send."""

from __future__ import annotations

import asyncio
from collections import Counter

from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine.deliveries import Deliveries, DeliveryServices
from dashstream.engine.hub import Hub
from dashstream.engine.ingest import IngestPump
from dashstream.engine.limits import ClientLimits, IngestLimits, LogLimits, RingLimits
from dashstream.engine.page import Page
from dashstream.engine.ports import NewRecord, NoMetrics
from dashstream.engine.ring import Ring
from dashstream.engine.sends import SendPath
from dashstream.engine.sink import PlainLane
from dashstream.protocol import control
from dashstream.protocol.codes import StartFrom
from dashstream.protocol.effects import SubscribeRequest
from dashstream.protocol.framing import Limits
from quiet_sink import QuietSink

PAGE_BYTES = 4_096
HISTORY = 400
WAKES = 40


class SlowClient(QuietSink):
    """Takes one page and is full, until it has read."""

    def __init__(self) -> None:
        self.is_writable = True
        self.is_clear = False
        self.lane = PlainLane()
        self.pages: Counter[int] = Counter()
        self.states: dict[int, str] = {}

    def send_control(self, frame: control.ServerFrame) -> None:
        if isinstance(frame, control.State):
            self.states[frame.id] = frame.state

    def send_page(self, subscription: int, first_delivery: int, page: Page, path: SendPath) -> int:
        assert self.is_writable or self.states[subscription] == "catching_up", (
            "only a page that was being read may come"
        )
        self.pages[subscription] += 1
        self.is_writable = False
        return len(page.body)

    def release(self, subscription: int) -> None:
        raise AssertionError(subscription)


class Rig:
    """A log with a history that is longer than the ring, and one client."""

    @classmethod
    async def make(cls, *, ring_records: int) -> Rig:
        rig = cls()
        rig.log = MemoryLog(LogLimits(partitions=1, retention_age_s=0, retention_bytes=0))
        limits = ClientLimits(tick_s=0, max_tick_s=0)
        rig.ring = Ring(RingLimits(max_records=ring_records))
        rig.hub = Hub(rig.ring, limits, NoMetrics())
        rig.pump = IngestPump(rig.log, rig.ring, rig.hub, IngestLimits(), NoMetrics())
        await rig.append(HISTORY)
        await rig.pump.start()
        services = DeliveryServices(rig.log, rig.ring, rig.hub, None, limits, Limits(), asyncio.Semaphore(4))
        rig.client = SlowClient()
        rig.deliveries = Deliveries(services, rig.client, PAGE_BYTES)
        return rig

    log: MemoryLog
    ring: Ring
    hub: Hub
    pump: IngestPump
    client: SlowClient
    deliveries: Deliveries

    async def append(self, count: int) -> None:
        await self.log.append([NewRecord(b"thread", b"\xff" * 1_000, 0)] * count)

    def subscribe(self, number: int, start: StartFrom) -> None:
        wanted = control.Filter(threads=["thread", f"own-{number}"])
        self.deliveries.open(SubscribeRequest(number, wanted, start, None, {}, {}, strict=False, window_bytes=1 << 30))

    async def settle(self) -> None:
        for _ in range(100):
            await asyncio.sleep(0)

    async def read(self) -> None:
        """The client has read what it was sent."""
        self.client.is_writable = True
        self.deliveries.wake()
        await self.settle()


async def test_each_gets_its_share_of_a_slow_client() -> None:
    """Two walk the log, two are live, each with more to send than the client takes."""
    rig = await Rig.make(ring_records=1_000)
    for number in (1, 2):
        rig.subscribe(number, StartFrom.LATEST)
    await rig.settle()
    rig.client.is_writable = False
    for number in (3, 4):
        rig.subscribe(number, StartFrom.EARLIEST)
    await rig.settle()
    assert rig.client.states == {1: "live", 2: "live", 3: "catching_up", 4: "catching_up"}
    await rig.append(HISTORY)
    await rig.pump.pump_once()
    for _ in range(WAKES):
        await rig.read()
    shares = [rig.client.pages[number] for number in (1, 2, 3, 4)]
    assert sum(shares) >= WAKES
    assert min(shares) >= WAKES / 4 - 2, shares
    rig.deliveries.close()


async def test_who_falls_behind_the_ring_walks_the_log_and_comes_back_without_a_gap() -> None:
    rig = await Rig.make(ring_records=50)
    rig.subscribe(1, StartFrom.LATEST)
    await rig.settle()
    assert rig.client.states[1] == "live"
    rig.client.is_writable = False
    for _ in range(10):
        await rig.append(20)
        await rig.pump.pump_once()
    await rig.read()
    assert rig.client.states[1] == "catching_up"
    while rig.client.states[1] != "live":
        await rig.read()
    (subscription,) = rig.deliveries._subscriptions.values()
    assert subscription.positions == {0: HISTORY + 200}
    assert sum(subscription.tier_counts.values()) == 200
    rig.deliveries.close()
