"""The writer of the retained tier: in order, within bounds, never in the way, and back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from dashstream.adapters.memory.retained import MemoryRetainedStore
from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.engine.backoff import BackoffLimits
from dashstream.engine.ports import LogRecord
from dashstream.engine.retained import Held, RetainedLimits
from dashstream.engine.retainer import Retainer
from dashstream.errors import RetainedError

EPOCH = "epoch"
pytestmark = pytest.mark.looptime(idle_step=0.01)


class LoopClock:
    """The loop's own time, which tests fast-forward."""

    def now_us(self) -> int:
        return int(self.monotonic() * 1e6) + 1

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Bench:
    """A retainer over a store in memory."""

    def __init__(self, limits: RetainedLimits, store: MemoryRetainedStore | None = None) -> None:
        self.metrics = PrometheusMetrics()
        self.store = store or MemoryRetainedStore(limits)
        self.retainer = Retainer(
            self.store, EPOCH, limits, LoopClock(), self.metrics, BackoffLimits(first_s=0.1, longest_s=5, jitter=0)
        )

    def offer(self, *offsets: int, partition: int = 0, size: int = 10) -> None:
        at = LoopClock().now_us()
        self.retainer.offer([LogRecord(partition, offset, at, b"", b"v" * size) for offset in offsets])

    async def stretches(self, partition: int = 0) -> list[tuple[int, int]]:
        """What a reader is told to be held without a hole."""
        found, offset = [], 0
        while (
            stretch := await self.store.read(partition, EPOCH, offset, max_records=10**6, max_bytes=10**9)
        ) is not None:
            found.append((stretch.start, stretch.end))
            offset = stretch.end
        return found

    def metric(self, name: str) -> float:
        for line in self.metrics.render().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(name)

    def records(self, outcome: str) -> float:
        return self.metric(f'dashstream_retained_records_total{{outcome="{outcome}"}}')

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(600):
            while not condition():  # noqa: ASYNC110  # the loop's time is fast-forwarded
                await asyncio.sleep(0.01)

    async def settled(self) -> None:
        await self.until(lambda: not self.retainer.waiting_records and not self.retainer.is_degraded)
        await asyncio.sleep(0.1)


@asynccontextmanager
async def running(
    owned: tuple[int, ...] = (0,), store: MemoryRetainedStore | None = None, **limits: float
) -> AsyncIterator[Bench]:
    bench = Bench(RetainedLimits(**limits), store)
    bench.retainer.own(owned)
    task = asyncio.create_task(bench.retainer.run())
    await asyncio.sleep(0.05)
    try:
        yield bench
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def test_writes_what_is_offered_in_order_and_in_batches() -> None:
    async with running(batch_records=100) as bench:
        bench.offer(*range(0, 1_000, 3))
        await bench.settled()
        assert await bench.stretches() == [(0, 1_000)]
        assert bench.store.writes == 4
        assert bench.records("written") == 334
        assert bench.metric("dashstream_retained_queue_records") == 0
        assert bench.metric("dashstream_retained_degraded") == 0
        assert bench.retainer.held[0].high == 1_000


async def test_a_batch_is_bounded_in_bytes() -> None:
    async with running(batch_bytes=1_000) as bench:
        bench.offer(*range(10), size=400)
        await bench.settled()
        assert bench.store.writes == 5


async def test_only_owned_partitions_are_written_and_ownership_may_change() -> None:
    async with running(owned=(0, 1)) as bench:
        for partition in range(3):
            bench.offer(0, 1, partition=partition)
        await bench.settled()
        bench.retainer.own((1, 2))
        for partition in range(3):
            bench.offer(2, 3, partition=partition)
        await bench.settled()
        assert [await bench.stretches(partition) for partition in range(3)] == [[(0, 2)], [(0, 4)], [(2, 4)]]
        assert set(bench.retainer.held) == {1, 2}


async def test_a_failure_after_ownership_is_lost_is_nobodys_concern() -> None:
    class LosingStore(MemoryRetainedStore):
        async def write(self, *_: object) -> Held:
            bench.retainer.own(())
            raise RetainedError("down")

    async with running(store=LosingStore()) as bench:
        bench.offer(0)
        await asyncio.sleep(1)
        assert not bench.retainer.is_degraded
        assert bench.metric('dashstream_retained_failures_total{reason="error"}') == 1


async def test_a_record_that_is_too_large_is_a_hole() -> None:
    async with running(max_entry_bytes=100) as bench:
        bench.offer(0, 1)
        bench.offer(2, size=101)
        bench.offer(3, 4)
        await bench.settled()
        assert await bench.stretches() == [(0, 2), (3, 5)]
        assert bench.records("too_large") == 1
        assert bench.metric("dashstream_retained_holes_total") == 1


async def test_a_short_failure_loses_nothing() -> None:
    async with running() as bench:
        bench.offer(*range(10))
        await bench.settled()
        bench.store.error = RetainedError("down")
        bench.offer(*range(10, 20))
        await bench.until(lambda: bench.retainer.is_degraded)
        assert bench.metric("dashstream_retained_degraded") == 1
        bench.store.error = None
        await bench.settled()
        assert await bench.stretches() == [(0, 20)]
        assert bench.metric("dashstream_retained_holes_total") == 0
        assert bench.metric('dashstream_retained_failures_total{reason="error"}') >= 1


async def test_a_long_failure_is_bounded_and_leaves_a_hole() -> None:
    async with running(queue_records=1_000, write_attempts=3, batch_records=100) as bench:
        bench.offer(*range(100))
        await bench.settled()
        bench.store.error = RetainedError("down")
        for start in range(100, 20_000, 100):
            bench.offer(*range(start, start + 100))
            assert bench.retainer.waiting_records <= 1_000
            await asyncio.sleep(0.1)
        assert bench.records("overflowed") > 0
        assert bench.records("failed") > 0
        bench.store.error = None
        await bench.settled()
        bench.offer(20_000)
        await bench.settled()
        (before, after) = await bench.stretches()
        assert (before, after[1]) == ((0, 100), 20_001)
        assert after[0] >= 19_000
        assert bench.metric("dashstream_retained_holes_total") == 1
        outcomes = ("written", "too_large", "overflowed", "failed")
        assert sum(map(bench.records, outcomes)) == 20_001


async def test_the_queue_is_bounded_in_bytes_and_the_longest_lane_pays() -> None:
    async with running(owned=(0, 1), queue_bytes=10_000) as bench:
        bench.store.error = RetainedError("down")
        bench.offer(*range(5), partition=1, size=100)
        for start in range(0, 1_000, 50):
            bench.offer(*range(start, start + 50), size=100)
            assert bench.retainer.waiting_bytes <= 10_000
        bench.store.error = None
        await bench.settled()
        assert await bench.stretches(1) == [(0, 5)]
        ((start, end),) = await bench.stretches(0)
        assert 900 <= start < end == 1_000


async def test_a_store_absent_at_the_start_is_used_once_it_is_there() -> None:
    store = MemoryRetainedStore()
    store.error = RetainedError("absent")
    async with running(store=store) as bench:
        await bench.until(lambda: bench.retainer.is_degraded)
        await asyncio.sleep(3_600)
        bench.offer(7)
        store.error = None
        await bench.settled()
        assert await bench.stretches() == [(7, 8)]


async def test_an_idle_owner_notices_that_the_store_is_gone_and_back() -> None:
    async with running(trim_interval_s=30) as bench:
        bench.offer(0)
        await bench.settled()
        bench.store.error = RetainedError("down")
        await bench.until(lambda: bench.retainer.is_degraded)
        bench.store.error = None
        await bench.until(lambda: not bench.retainer.is_degraded)


async def test_a_flushed_store_is_claimed_and_written_again() -> None:
    async with running() as bench:
        bench.offer(*range(10))
        await bench.settled()
        bench.store.flush()
        bench.offer(*range(10, 20))
        await bench.settled()
        assert await bench.stretches() == [(10, 20)]
        assert bench.metric('dashstream_retained_failures_total{reason="fenced"}') == 1


async def test_of_two_owners_the_newer_one_writes_and_nothing_is_wrong() -> None:
    store = MemoryRetainedStore()
    async with running(store=store) as former, running(store=store) as newer:
        for start in range(0, 100, 10):
            former.offer(*range(start, start + 10))
            newer.offer(*range(start, start + 10))
            await asyncio.sleep(0.2)
        assert former.retainer.is_degraded
        assert not newer.retainer.is_degraded
        assert await newer.stretches() == [(0, 100)]


async def test_old_records_go_by_age() -> None:
    async with running(age_s=100, trim_interval_s=10) as bench:
        bench.offer(*range(10))
        await bench.settled()
        await asyncio.sleep(60)
        bench.offer(*range(10, 20))
        await asyncio.sleep(60)
        assert await bench.stretches() == [(10, 20)]
        await asyncio.sleep(60)
        assert await bench.stretches() == []
        bench.offer(20)
        await bench.settled()
        assert await bench.stretches() == [(20, 21)]
