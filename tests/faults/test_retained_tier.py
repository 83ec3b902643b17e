"""Redis and Valkey stall, are flushed, killed, cut off and slow, while records are ingested and replayed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from dashstream.adapters.memory.log import MemoryLog
from dashstream.adapters.redis.options import RedisOptions
from dashstream.adapters.redis.store import RedisRetainedStore
from dashstream.adapters.system_clock import SystemClock
from dashstream.engine.backoff import BackoffLimits
from dashstream.engine.hub import Hub
from dashstream.engine.ingest import IngestPump
from dashstream.engine.limits import ClientLimits, IngestLimits, LogLimits, RingLimits
from dashstream.engine.ports import NewRecord, NoMetrics
from dashstream.engine.replay import Replay, ReplayPhase, Tier
from dashstream.engine.retained import RetainedLimits, RetainedReader, Run
from dashstream.engine.retainer import Retainer
from dashstream.engine.ring import Ring
from dashstream.engine.selection import Selection
from dashstream.protocol.batch import decode_frame, encode_frame_lead
from dashstream.protocol.framing import Limits
from dashstream.testing.fault_proxy import FaultProxy
from dashstream.testing.retained_conformance import EPOCH, P, offsets_of, run
from parts.redis import RedisCluster, RedisServer, make_server, redis_clusters

__all__ = ["make_server", "redis_clusters"]

pytestmark = pytest.mark.faults

TOPIC = "telemetry"
PARTITIONS = 4
LIMITS = RetainedLimits(queue_records=9_000, retry_s=0.1, write_attempts=3)


@dataclass
class Tiers:
    """The part of a gateway that ingests, retains and replays, over a log in memory and a real store."""

    log: MemoryLog
    ring: Ring
    pump: IngestPump
    retainer: Retainer
    store: RedisRetainedStore
    appended: int = 0

    async def ingest(self, count: int) -> float:
        """Append and ingest records of many threads; return the seconds that ingest took."""
        for _ in range(count):
            self.appended += 1
            await self.log.append([NewRecord(b"t%d" % (self.appended % 17), b"%d" % self.appended, 1)])
        began = time.perf_counter()
        while await self.pump.pump_once():  # noqa: ASYNC110  # lets the writer run, as the log's answers do
            await asyncio.sleep(0)
        return time.perf_counter() - began

    async def settled(self) -> None:
        await until(lambda: not self.retainer.is_degraded and not self.retainer.waiting_records)
        heads = dict(self.ring.positions)

        async def whole() -> bool:
            metas = {partition: await self.store.meta(partition) for partition in heads}
            return all(meta is not None and meta.high == heads[partition] for partition, meta in metas.items())

        await until(whole)

    async def replay(self) -> tuple[set[Tier], int]:
        """Check that a replay from the start delivers every record once and in order; return tiers and gaps."""
        reader = RetainedReader(self.store, self.log.epoch, LIMITS, SystemClock(), NoMetrics())
        walk = Replay(
            self.log,
            self.ring,
            Selection(),
            dict.fromkeys(self.ring.positions, 0),
            page_bytes=64_000,
            record_limits=Limits(max_record_bytes=1 << 20),
            reads=asyncio.Semaphore(1),
            retained=reader,
        )
        tiers: set[Tier] = set()
        following = dict.fromkeys(self.ring.positions, 0)
        values, gaps = [], 0
        while (page := await walk.next_page()) is not None:
            gaps += page.hole is not None
            if page.count:
                tiers.add(walk.tier)
                for entry in decode_frame(encode_frame_lead(1, 1) + page.body).entries:
                    assert entry.offset == following[entry.partition]
                    following[entry.partition] += 1
                    values.append(entry.value)
        assert walk.phase is ReplayPhase.LIVE
        assert sorted(values, key=int) == [b"%d" % (index + 1) for index in range(self.appended)]
        return tiers, gaps


async def until(condition: Callable[[], bool | Awaitable[bool]], timeout_s: float = 20.0) -> None:
    """Ask again and again until a condition holds."""
    async with asyncio.timeout(timeout_s):
        while True:
            answer = condition()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def tiers_on(url: str, *, timeout_s: float = 1.0, cluster: bool = False) -> AsyncIterator[Tiers]:
    """Run them with a store at an address."""
    log = MemoryLog(LogLimits(partitions=PARTITIONS))
    ring = Ring(RingLimits(max_records=500))
    options = RedisOptions(url=url, cluster=cluster, timeout_s=timeout_s, connect_timeout_s=timeout_s)
    store = RedisRetainedStore(options, TOPIC, LIMITS)
    backoff = BackoffLimits(first_s=0.05, longest_s=0.5)
    retainer = Retainer(store, log.epoch, LIMITS, SystemClock(), NoMetrics(), backoff)
    hub = Hub(ring, ClientLimits(), NoMetrics())
    pump = IngestPump(log, ring, hub, IngestLimits(page_records=200), NoMetrics(), tap=retainer.offer)
    await pump.start()
    retainer.own(range(PARTITIONS))
    writing = asyncio.create_task(retainer.run())
    try:
        yield Tiers(log, ring, pump, retainer, store)
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await store.close()
        await log.close()


@pytest.fixture(params=["redis", "valkey"])
def server(request: pytest.FixtureRequest, make_server: Callable[..., RedisServer]) -> RedisServer:
    made: RedisServer = make_server(request.param)
    made.start()
    return made


async def test_a_stall_while_ten_thousand_records_are_ingested(server: RedisServer) -> None:
    async with tiers_on(server.url) as tiers:
        healthy = 0.0
        for _ in range(2):
            healthy += await tiers.ingest(5_000)
            await tiers.settled()
        assert await tiers.replay() == ({Tier.RETAINED, Tier.MEMORY}, 0)
        server.stall()
        stalled = await tiers.ingest(5_000) + await tiers.ingest(5_000)
        assert tiers.retainer.waiting_records <= LIMITS.queue_records
        assert stalled < 2 * healthy + 0.2, "ingest does not wait for the store"
        await until(lambda: tiers.retainer.is_degraded)
        tiers_used, gaps = await tiers.replay()
        assert (tiers_used, gaps) == ({Tier.LOG, Tier.MEMORY}, 0)
        server.resume()
        await tiers.ingest(1_000)
        await tiers.settled()
        assert sum(held.holes for held in tiers.retainer.held.values()) >= 1
        assert await tiers.replay() == ({Tier.RETAINED, Tier.LOG, Tier.MEMORY}, 0)


async def test_flushed_in_the_middle(server: RedisServer) -> None:
    async with tiers_on(server.url) as tiers:
        await tiers.ingest(2_000)
        await tiers.settled()
        server.flush()
        assert await tiers.replay() == ({Tier.LOG, Tier.MEMORY}, 0)
        await tiers.ingest(2_000)
        await tiers.settled()
        assert await tiers.replay() == ({Tier.RETAINED, Tier.LOG, Tier.MEMORY}, 0)


async def test_killed_and_restarted_empty(make_server: Callable[..., RedisServer]) -> None:
    server = make_server("redis")
    server.start()
    async with tiers_on(server.url) as tiers:
        await tiers.ingest(2_000)
        await tiers.settled()
        server.kill()
        await tiers.ingest(2_000)
        await until(lambda: tiers.retainer.is_degraded)
        assert await tiers.replay() == ({Tier.LOG, Tier.MEMORY}, 0)
        server.start()
        await tiers.ingest(2_000)
        await tiers.settled()
        assert await tiers.replay() == ({Tier.RETAINED, Tier.LOG, Tier.MEMORY}, 0)


async def test_absent_at_the_start(make_server: Callable[..., RedisServer]) -> None:
    server = make_server("redis")
    async with tiers_on(server.url) as tiers:
        await tiers.ingest(1_000)
        await until(lambda: tiers.retainer.is_degraded)
        assert await tiers.replay() == ({Tier.LOG, Tier.MEMORY}, 0)
        server.start()
        await tiers.settled()
        assert await tiers.replay() == ({Tier.RETAINED, Tier.MEMORY}, 0)


@pytest.mark.parametrize("fault", ["reset", "half_open", "stall"])
async def test_connections_break_in_every_way(make_server: Callable[..., RedisServer], fault: str) -> None:
    server = make_server("valkey")
    server.start()
    async with (
        FaultProxy("127.0.0.1", server.port) as proxy,
        tiers_on(f"redis://127.0.0.1:{proxy.port}", timeout_s=0.3) as tiers,
    ):
        for _ in range(2):
            await tiers.ingest(500)
            getattr(proxy, fault)()
            await tiers.ingest(500)
            proxy.flow()
            await tiers.settled()
        _, gaps = await tiers.replay()
        assert gaps == 0


async def test_each_node_of_a_cluster_is_killed_and_comes_back_empty(
    redis_clusters: Callable[[str], RedisCluster],
) -> None:
    cluster = redis_clusters("valkey")
    async with tiers_on(cluster.url, cluster=True) as tiers:
        for node in cluster.nodes:
            await tiers.ingest(500)
            await tiers.settled()
            node.kill()
            await tiers.ingest(500)
            node.start()
            cluster.wait_until_whole()
            await tiers.ingest(500)
            await tiers.settled()
        _, gaps = await tiers.replay()
        assert gaps == 0


async def test_pages_and_batches_cost_one_round_trip_each(server: RedisServer) -> None:
    async with FaultProxy("127.0.0.1", server.port) as proxy:
        limits = RetainedLimits()
        store = RedisRetainedStore(RedisOptions(url=f"redis://127.0.0.1:{proxy.port}"), TOPIC, limits)
        owner = await store.claim(P, EPOCH, 1)
        await store.write(owner, run(range(10)))
        await store.read(P, EPOCH, 0, max_records=5, max_bytes=1 << 20)
        proxy.both(latency_s=0.1)
        began = time.perf_counter()
        await store.write(owner, Run(10, run(range(10, 400)).records))
        found = await store.read(P, EPOCH, 0, max_records=5_000, max_bytes=1 << 20)
        assert 0.4 <= time.perf_counter() - began < 1.0  # a round trip is 0.2 s; per record it were 80 s
        assert offsets_of(found) == list(range(400))
        await store.close()
