"""The retained tier beside bare pipelined commands, and ingest with the store healthy, stalled, and without one.

Every figure is a median of interleaved rounds on the same store, in the same run. The store is the Valkey of the
development requirements, or any other by ``--url``; stalling needs our own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import redis.asyncio
from rich.console import Console
from rich.table import Table

from dashstream.adapters.memory.log import MemoryLog
from dashstream.adapters.redis.options import RedisOptions
from dashstream.adapters.redis.store import RedisRetainedStore
from dashstream.adapters.system_clock import SystemClock
from dashstream.engine.hub import Hub
from dashstream.engine.ingest import IngestPump
from dashstream.engine.limits import ClientLimits, IngestLimits, LogLimits, RingLimits
from dashstream.engine.ports import LogRecord, NewRecord, NoMetrics
from dashstream.engine.retained import RetainedLimits, Run
from dashstream.engine.retainer import Retainer
from dashstream.engine.ring import Ring

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from parts.ports import free_ports
from parts.redis_server import RedisServer, valkey_binary

EPOCH = "bench"
BATCH = 500
PAGE = 500
Timed = Callable[[], Awaitable[float]]


@contextmanager
def valkey() -> Iterator[RedisServer]:
    """Run a Valkey of our own."""
    with tempfile.TemporaryDirectory() as directory:
        server = RedisServer(valkey_binary(), Path(directory), *free_ports(1))
        server.start()
        try:
            yield server
        finally:
            server.kill()


def records(count: int, size: int) -> list[LogRecord]:
    """Return consecutive records with values that differ."""
    now = time.time_ns() // 1_000
    return [
        LogRecord(0, offset, now + offset, b"thread-%d" % (offset % 50), os.urandom(size)) for offset in range(count)
    ]


async def bare_writes(client: redis.asyncio.Redis, given: list[LogRecord]) -> float:
    """Seconds for XADD with explicit ids and the same fields, pipelined by the same number."""
    key = uuid.uuid4().hex
    began = time.perf_counter()
    for start in range(0, len(given), BATCH):
        pipe = client.pipeline(transaction=False)
        for record in given[start : start + BATCH]:
            fields = {"s": 0, "t": record.timestamp_us, "k": record.key, "v": record.value}
            pipe.xadd(key, fields, id=f"1-{record.offset}")
        await pipe.execute()
    took = time.perf_counter() - began
    await client.delete(key)
    return took


async def bare_reads(client: redis.asyncio.Redis, given: list[LogRecord], rounds: int) -> float:
    """Seconds for XRANGE by pages of the same size; decoded by the client, no more."""
    key = uuid.uuid4().hex
    for start in range(0, len(given), BATCH):
        pipe = client.pipeline(transaction=False)
        for record in given[start : start + BATCH]:
            pipe.xadd(
                key, {"s": 0, "t": record.timestamp_us, "k": record.key, "v": record.value}, id=f"1-{record.offset}"
            )
        await pipe.execute()
    began = time.perf_counter()
    for _ in range(rounds):
        for start in range(0, len(given), PAGE):
            page = await client.xrange(key, f"1-{start}", "+", count=PAGE)
            assert len(page) == min(PAGE, len(given) - start)
    took = time.perf_counter() - began
    await client.delete(key)
    return took / rounds


async def tier_writes(store: RedisRetainedStore, given: list[LogRecord], partition: int) -> float:
    """Seconds for the same records through the store."""
    claim = await store.claim(partition, EPOCH, 1)
    began = time.perf_counter()
    for start in range(0, len(given), BATCH):
        await store.write(claim, Run(start, tuple(given[start : start + BATCH])))
    return time.perf_counter() - began


async def tier_reads(store: RedisRetainedStore, given: list[LogRecord], partition: int, rounds: int) -> float:
    """Seconds for reading them back through the store."""
    began = time.perf_counter()
    for _ in range(rounds):
        offset = 0
        while (found := await store.read(partition, EPOCH, offset, max_records=PAGE, max_bytes=1 << 30)) is not None:
            offset = found.end
        assert offset == len(given)
    return (time.perf_counter() - began) / rounds


@asynccontextmanager
async def ingesting(url: str | None, count: int, size: int) -> AsyncIterator[Timed]:
    """Give what ingests ``count`` records from a log in memory into the ring, with a writer of the tier or without."""
    log = MemoryLog(LogLimits(partitions=8, retention_bytes=0))
    ring = Ring(RingLimits())
    hub = Hub(ring, ClientLimits(), NoMetrics())
    limits = RetainedLimits(queue_records=20_000)
    store = retainer = writing = None
    if url is not None:
        store = RedisRetainedStore(RedisOptions(url=url, namespace=uuid.uuid4().hex), "bench", limits)
        retainer = Retainer(store, log.epoch, limits, SystemClock(), NoMetrics())
        retainer.own(range(8))
        writing = asyncio.create_task(retainer.run())
    pump = IngestPump(log, ring, hub, IngestLimits(), NoMetrics(), tap=retainer.offer if retainer else None)
    await pump.start()
    value = os.urandom(size)

    async def ingest() -> float:
        """Return the processor's seconds, the writer's included: others on the machine do not count."""
        await log.append([NewRecord(b"thread-%d" % (index % 100), value, 1) for index in range(count)])
        began = time.process_time()
        while await pump.pump_once():  # noqa: ASYNC110  # lets the writer run, as a log's answers do
            await asyncio.sleep(0)
        return time.process_time() - began

    yield ingest
    if writing is not None and store is not None:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await store.close()
    await log.close()


async def commands(table: Table, url: str, count: int, size: int, rounds: int) -> None:
    """Compare writing and reading with the bare commands."""
    given = records(count, size)
    limits = RetainedLimits(records=count * 2)
    store = RedisRetainedStore(RedisOptions(url=url, namespace=uuid.uuid4().hex), "bench", limits)
    client = redis.asyncio.Redis.from_url(url, protocol=2)
    took: dict[str, list[float]] = {name: [] for name in ("bare write", "write", "bare read", "read")}
    for partition in range(rounds):
        took["bare write"].append(await bare_writes(client, given))
        took["write"].append(await tier_writes(store, given, partition))
        took["bare read"].append(await bare_reads(client, given, 2))
        took["read"].append(await tier_reads(store, given, partition, 2))
    per_s = {name: count / statistics.median(values) for name, values in took.items()}
    for name in ("write", "read"):
        bare = per_s[f"bare {name}"]
        table.add_row(f"{name}, {size} B", f"{per_s[name]:,.0f}/s", f"{bare:,.0f}/s", f"{per_s[name] / bare:.2f}")
    ten_thousand = 10_000 / per_s["read"] * 1_000
    table.add_row(f"resume of 10,000, {size} B", f"{ten_thousand:.0f} ms", "budget 250 ms", f"{ten_thousand / 250:.2f}")
    await client.aclose()
    await store.close()


async def ingest(table: Table, url: str, store: RedisServer | None, count: int, rounds: int) -> None:
    """Compare ingest without a store, with one, and with one that is stalled."""
    took: dict[str, list[float]] = {"none": [], "healthy": [], "stalled": []}
    for _ in range(rounds):
        async with ingesting(None, count, 300) as run:
            took["none"] += [await run(), await run()]
        async with ingesting(url, count, 300) as run:
            took["healthy"].append(await run())
            if store is not None:
                store.stall()
                took["stalled"].append(await run())
                store.resume()
    per_s = {name: count / statistics.median(values) for name, values in took.items() if values}
    for name in ("healthy", "stalled"):
        if name in per_s:
            table.add_row(
                f"ingest, store {name}",
                f"{per_s[name]:,.0f}/s",
                f"{per_s['none']:,.0f}/s without",
                f"{per_s[name] / per_s['none']:.2f}",
            )


async def main() -> None:
    """Run everything and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a store to use instead of our own")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    table = Table("what", "measured", "baseline", "ratio", title="Retained tier")
    with valkey() as own:
        url = given.url or own.url
        for size in (300, 2_000):
            await commands(table, url, given.records, size, given.rounds)
        await ingest(table, url, None if given.url else own, given.records, given.rounds)
    Console().print(table)


asyncio.run(main())
