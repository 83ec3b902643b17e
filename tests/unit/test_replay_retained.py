"""A walk over log, retained tier and ring delivers what a walk over log and ring does, whatever the tier holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashstream.adapters.memory.log import MemoryLog
from dashstream.adapters.memory.retained import MemoryRetainedStore
from dashstream.adapters.system_clock import SystemClock
from dashstream.engine.classify import classify
from dashstream.engine.limits import LogLimits, RingLimits
from dashstream.engine.ports import LogRecord, NewRecord, NoMetrics
from dashstream.engine.replay import Replay, ReplayPhase, Tier
from dashstream.engine.retained import RetainedLimits, RetainedReader, Run
from dashstream.engine.ring import Ring
from dashstream.engine.selection import Selection
from dashstream.errors import RetainedError
from dashstream.protocol.batch import decode_frame, encode_frame_lead
from dashstream.protocol.framing import Limits

P = 0
LIMITS = Limits(max_record_bytes=1 << 20)


@dataclass
class World:
    """A log of one partition, a ring that begins somewhere in it, and a store."""

    log: MemoryLog
    ring: Ring
    store: MemoryRetainedStore = field(default_factory=MemoryRetainedStore)
    tiers: list[Tier] = field(default_factory=list)

    async def retain(self, kept: Sequence[bool]) -> None:
        """Write the log's records to the store as the retainer does, but for those that are dropped."""
        claim = await self.store.claim(P, self.log.epoch, 1)
        following = 0
        for record, keep in zip(await self.records(), kept, strict=False):
            if keep:
                await self.store.write(claim, Run(following, (record,)))
            following = record.offset + 1

    async def records(self) -> list[LogRecord]:
        mark = (await self.log.watermarks())[P]
        return list(await self.log.read(P, mark.low, max_records=10_000, max_bytes=1 << 30))

    async def walk(self, start: int, *, retained: bool, page_bytes: int = 100) -> list[object]:
        """Return the offsets delivered and the gaps told, in order; each record names the one before it."""
        reader = RetainedReader(self.store, self.log.epoch, RetainedLimits(retry_s=0), SystemClock(), NoMetrics())
        replay = Replay(
            self.log,
            self.ring,
            Selection(),
            {P: start},
            page_bytes=page_bytes,
            record_limits=LIMITS,
            reads=asyncio.Semaphore(1),
            retained=reader if retained else None,
        )
        seen: list[object] = []
        last: int | None = None
        for _ in range(1_000):
            page = await replay.next_page()
            if page is None:
                break
            if page.count:
                self.tiers.append(replay.tier)
                frame = decode_frame(encode_frame_lead(1, 1) + page.body)
                for entry in frame.entries:
                    assert last == (entry.offset - entry.step if entry.step else None)
                    last = entry.offset
                    seen.append(last)
            if page.hole is not None:
                seen += [(o, page.hole.reason) for o in range(page.hole.offset, page.hole.end)]
        assert replay.phase is ReplayPhase.LIVE
        return seen


async def world(steps: Sequence[int], *, dense: bool, lost: Sequence[int] = (), ring_at: int = 0) -> World:
    """Each step appends a record after skipping that many offsets; the ring has the last ``ring_at`` of them."""
    log = MemoryLog(LogLimits(partitions=1), dense=dense)
    for index, skipped in enumerate(steps):
        if not dense:
            log.skip(P, skipped)
        await log.append([NewRecord(b"k", b"value %d" % index, 1)])
    made = World(log, Ring(RingLimits()))
    records = await made.records()
    first = len(records) - min(ring_at, len(records))
    high = (await log.watermarks())[P].high
    made.ring.start({P: records[first].offset if first < len(records) else high}, {})
    made.ring.extend((record, classify(record, LIMITS)) for record in records[first:])
    for index in lost:
        if dense and index < first:
            log.lose(P, records[index].offset)
    return made


@given(data=st.data(), dense=st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_the_tier_holds_the_walk_is_the_same(data: st.DataObject, dense: bool) -> None:
    async def check() -> None:
        steps = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=30), "offsets skipped before each record")
        count = len(steps)
        lost = data.draw(st.sets(st.integers(0, count - 1), max_size=3), "lost by the log")
        made = await world(steps, dense=dense, lost=sorted(lost), ring_at=data.draw(st.integers(0, count), "in ring"))
        kept = data.draw(st.lists(st.booleans(), min_size=count, max_size=count), "kept by the tier")
        await made.retain(kept)
        held = made.store._partitions[P].offsets
        for offset in data.draw(st.sets(st.sampled_from(held), max_size=3), "lost by the tier") if held else ():
            made.store.lose(P, offset)
        start = data.draw(st.integers(0, made.ring.positions[P]), "start")
        size = data.draw(st.integers(1, 200), "page bytes")
        expected = await made.walk(start, retained=False, page_bytes=size)
        assert await made.walk(start, retained=True, page_bytes=size) == expected

    asyncio.run(check())


@pytest.mark.parametrize("dense", [True, False])
async def test_a_whole_tier_spares_the_log(dense: bool) -> None:
    made = await world([1] * 50, dense=dense, ring_at=10)
    await made.retain([True] * 50)
    await made.log.close()  # whoever reads it now is found out
    start = 0 if dense else 1
    assert len(await made.walk(start, retained=True)) == 50
    assert set(made.tiers) == {Tier.RETAINED, Tier.MEMORY}


@pytest.mark.parametrize("dense", [True, False])
async def test_the_log_fills_what_the_tier_has_not(dense: bool) -> None:
    made = await world([0] * 50, dense=dense, ring_at=10)
    await made.retain([10 <= index < 20 or index >= 30 for index in range(50)])
    assert await made.walk(0, retained=True, page_bytes=1 << 20) == list(range(50))
    assert made.tiers == [Tier.LOG, Tier.RETAINED, Tier.LOG, Tier.RETAINED, Tier.MEMORY]


async def test_an_empty_tier_never_means_up_to_date() -> None:
    made = await world([0] * 50, dense=False, ring_at=10)
    assert await made.walk(0, retained=True, page_bytes=1 << 20) == list(range(50))
    assert made.tiers == [Tier.LOG, Tier.MEMORY]
    assert made.store.asked == 1


async def test_a_failing_tier_never_means_up_to_date() -> None:
    made = await world([0] * 50, dense=True, ring_at=10)
    await made.retain([True] * 50)
    made.store.error = RetainedError("down")
    assert await made.walk(0, retained=True, page_bytes=1 << 20) == list(range(50))
    assert made.tiers == [Tier.LOG, Tier.MEMORY]


async def test_what_another_epoch_left_is_not_served() -> None:
    made = await world([0] * 20, dense=True)
    claim = await made.store.claim(P, "another", 1)
    await made.store.write(claim, Run(0, tuple(LogRecord(P, o, 1, b"k", b"old") for o in range(20))))
    assert await made.walk(0, retained=True) == list(range(20))
    assert set(made.tiers) == {Tier.LOG}


async def test_what_the_log_has_removed_is_told_only_up_to_where_the_tier_begins() -> None:
    made = await world([0] * 50, dense=True, ring_at=10)
    await made.retain([index >= 20 for index in range(50)])
    made.log.trim(P, 30)
    seen = await made.walk(0, retained=True)
    assert seen == [*((offset, "not_retained") for offset in range(20)), *range(20, 50)]


class HandClock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def now_us(self) -> int:
        return int(self.now * 1e6)

    def monotonic(self) -> float:
        return self.now


async def test_a_failing_store_is_left_alone_for_longer_and_longer() -> None:
    store, clock = MemoryRetainedStore(), HandClock()
    reader = RetainedReader(store, "epoch", RetainedLimits(retry_s=1, longest_retry_s=8), clock, NoMetrics())
    claim = await store.claim(P, "epoch", 1)
    await store.write(claim, Run(0, (LogRecord(P, 0, 1, b"k", b"v"),)))

    async def asked_within(seconds: int) -> int:
        before = store.asked
        for _ in range(seconds * 10):
            clock.now += 0.1
            await reader.read(P, 0, max_records=1, max_bytes=1)
        return store.asked - before

    assert await asked_within(1) == 10
    store.error = RetainedError("down")
    assert await asked_within(60) in range(8, 30)
    store.error = None
    clock.now += 8
    assert await asked_within(1) == 10


async def test_a_store_that_hangs_is_tried_by_one_reader_alone() -> None:
    class HangingStore(MemoryRetainedStore):
        async def read(self, *_: object, **__: object) -> None:
            self.asked += 1
            await asyncio.Event().wait()

    store, clock = HangingStore(), HandClock()
    limits = RetainedLimits(read_timeout_s=0.01, retry_s=1, concurrent_reads=2)
    reader = RetainedReader(store, "epoch", limits, clock, NoMetrics())
    many = [reader.read(P, 0, max_records=1, max_bytes=1) for _ in range(50)]
    assert await asyncio.gather(*many) == [None] * 50
    assert store.asked == 2
    clock.now += 2
    many = [reader.read(P, 0, max_records=1, max_bytes=1) for _ in range(50)]
    assert await asyncio.gather(*many) == [None] * 50
    assert store.asked == 3
