"""What every ``RetainedStore`` must do: subclass ``RetainedConformance`` and give it a ``stores`` fixture.

The stores of one test share what they keep, as two gateways do. Damage is done from outside, by ``StoreDamage``.
"""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import pytest

from dashstream.engine.ports import LogRecord
from dashstream.engine.retained import Claim, RetainedStore, Run, Stretch
from dashstream.errors import RetainedFencedError

MANY = 1_000_000
EPOCH = "epoch-1"
P = 3
EXACT_OFFSETS = (
    *range(2**53 - 2, 2**53 + 4),
    *range(2**62 - 1, 2**62 + 3),
    2**63 - 3,
    2**63 - 2,
    2**63 - 1,
)
"""Offsets that a double cannot tell apart, up to the last one of a log."""

HOSTILE_IDS = (
    b"",
    b":",
    b"a:b",
    b"*",
    b"b64_Og",
    b"h_0123456789abcdef",
    b"v1_0123456789abcdef",
    b"{a}b",
    "🦊🧵".encode(),
    b"\0",
    b"a\0b",
    b"line\nline\r\n",
    *(b"x" * size for size in (127, 128, 129, 255, 256, 257)),
    "\u00e9".encode(),
    "e\u0301".encode(),
    b"z" * (1 << 20) + b"1",
    b"z" * (1 << 20) + b"2",
)
"""Identifiers that break key schemes: separators, patterns, encoded forms of others, twins, sizes at bounds."""


class StoreDamage(Protocol):
    """What can happen to a store behind its back."""

    async def lose(self, partition: int, offset: int) -> None:
        """Remove one entry."""

    async def flush(self) -> None:
        """Remove everything."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Two users of one store. ``bounded`` opens one more with these bounds for a partition: count of records."""

    first: RetainedStore
    second: RetainedStore
    damage: StoreDamage
    bounded: Callable[[int], RetainedStore]
    overshoot: int = 0
    """By how many records trimming by count may lag behind."""


def log_record(offset: int, value: bytes | None = b"value", *, key: bytes = b"thread", at_us: int = 1) -> LogRecord:
    """Return a record of the partition that the suite uses."""
    return LogRecord(P, offset, at_us, key, value)


def run(offsets: Iterable[int], *, start: int | None = None, value: bytes = b"value") -> Run:
    """Return a run of records at these offsets, complete from ``start`` on; it is the first offset if not given."""
    records = tuple(log_record(offset, value) for offset in offsets)
    return Run(records[0].offset if start is None else start, records)


def offsets_of(stretch: Stretch | None) -> list[int]:
    """Return the offsets of a stretch's records."""
    assert stretch is not None
    return [record.offset for record in stretch.records]


async def read(store: RetainedStore, offset: int, *, count: int = MANY, size: int = 1 << 30) -> Stretch | None:
    """Read from the suite's partition and epoch."""
    return await store.read(P, EPOCH, offset, max_records=count, max_bytes=size)


async def read_all(store: RetainedStore, offset: int, *, count: int = 7) -> list[Stretch]:
    """Read all stretches from ``offset`` on, page by page."""
    found: list[Stretch] = []
    while (stretch := await read(store, offset, count=count)) is not None:
        found.append(stretch)
        offset = stretch.end
    return found


async def claim(store: RetainedStore, epoch: str = EPOCH, now_us: int = 1) -> Claim:
    """Claim the suite's partition."""
    return await store.claim(P, epoch, now_us)


class RetainedConformance:
    """The suite. A subclass provides the fixture ``stores``: empty."""

    async def test_holds_nothing_at_first(self, stores: Stores) -> None:
        assert await stores.first.meta(P) is None
        assert await read(stores.first, 0) is None
        await claim(stores.first)
        assert await stores.first.meta(P) is None
        assert await read(stores.first, 0) is None

    async def test_keeps_records_as_they_are_and_in_order_for_everybody(self, stores: Stores) -> None:
        values = [None, b"", *(bytes([index % 256]) * (index * 7 % 300) for index in range(300))]
        records = tuple(
            log_record(10 + index, value, key=b"k\0%d" % index, at_us=1_700_000_000_000_000 + index)
            for index, value in enumerate(values)
        )
        await stores.first.write(await claim(stores.first), Run(10, records))
        for store in (stores.first, stores.second):
            assert await read(store, 10) == Stretch(10, 312, records)

    async def test_pages_stop_at_records_and_bytes_but_have_at_least_one(self, stores: Stores) -> None:
        await stores.first.write(await claim(stores.first), run(range(20), value=b"v" * 1_000))
        assert offsets_of(await read(stores.first, 3, count=4)) == [3, 4, 5, 6]
        assert offsets_of(await read(stores.first, 3, size=1)) == [3]
        assert 1 <= len(offsets_of(await read(stores.first, 3, size=4_500))) <= 4
        pages = await read_all(stores.first, 0)
        assert [offset for page in pages for offset in offsets_of(page)] == list(range(20))
        assert all(a.end == b.start for a, b in itertools.pairwise(pages))

    async def test_a_stretch_says_from_where_it_is_complete(self, stores: Stores) -> None:
        await stores.first.write(await claim(stores.first), run([100, 105, 106], start=95))
        assert (await read(stores.first, 90), await read(stores.first, 97)) == (
            Stretch(95, 107, run([100, 105, 106]).records),
            Stretch(97, 107, run([100, 105, 106]).records),
        )
        assert await read(stores.first, 101) == Stretch(101, 107, run([105, 106]).records)
        assert await read(stores.first, 107) is None

    async def test_a_run_that_does_not_follow_leaves_a_hole(self, stores: Stores) -> None:
        owner = await claim(stores.first)
        await stores.first.write(owner, run(range(10)))
        held = await stores.first.write(owner, run(range(15, 20), start=13))
        assert (held.low, held.high, held.holes) == (0, 20, 1)
        assert [(s.start, s.end) for s in await read_all(stores.second, 4, count=MANY)] == [(4, 10), (13, 20)]
        assert await stores.second.meta(P) == held

    async def test_an_entry_that_got_lost_is_a_hole_even_among_sparse_offsets(self, stores: Stores) -> None:
        await stores.first.write(await claim(stores.first), run(range(0, 100, 10)))
        await stores.damage.lose(P, 40)
        stretches = await read_all(stores.first, 0, count=MANY)
        assert [(s.start, s.end) for s in stretches] == [(0, 31), (41, 91)]

    async def test_writing_again_changes_nothing(self, stores: Stores) -> None:
        owner = await claim(stores.first)
        first = await stores.first.write(owner, run(range(10)))
        assert await stores.first.write(owner, run(range(10))) == first
        assert await stores.first.write(owner, run(range(3, 7))) == first
        assert (await stores.first.write(owner, run(range(5, 15)))).high == 15
        assert await read(stores.first, 0) == Stretch(0, 15, run(range(15)).records)

    async def test_a_claim_fences_the_one_before(self, stores: Stores) -> None:
        former = await claim(stores.first)
        await stores.first.write(former, run(range(5)))
        newest = await claim(stores.second)
        assert newest.generation > former.generation
        with pytest.raises(RetainedFencedError) as fenced:
            await stores.first.write(former, run(range(5, 9)))
        assert fenced.value.newest == newest.generation
        with pytest.raises(RetainedFencedError):
            await stores.first.trim(former, 1 << 60)
        assert offsets_of(await read(stores.first, 0)) == list(range(5))

    async def test_the_next_owner_goes_on_where_the_former_ended(self, stores: Stores) -> None:
        await stores.first.write(await claim(stores.first), run(range(10)))
        await stores.second.write(await claim(stores.second), run(range(5, 20)))
        for start in (0, 5, 9, 10, 11, 19):
            assert await read(stores.first, start) == Stretch(start, 20, run(range(start, 20)).records)

    async def test_any_number_of_claims_is_read_as_one(self, stores: Stores) -> None:
        for index in range(200):
            owner = await claim((stores.first, stores.second)[index % 2])
            if index % 3:
                await stores.first.write(owner, run(range(index * 2, index * 2 + 2), start=index * 2 - 2))
        held = await stores.first.meta(P)
        assert held is not None
        assert held.high == 400
        stretches = await read_all(stores.first, 0)
        seen = [offset for stretch in stretches for offset in offsets_of(stretch)]
        expected = [o for index in range(200) if index % 3 for o in (index * 2, index * 2 + 1) if o >= held.low]
        assert len(expected) > 50
        assert seen == expected
        assert all(a.end == b.start for a, b in itertools.pairwise(stretches))

    async def test_a_clock_that_goes_back_does_not_lower_the_generation(self, stores: Stores) -> None:
        generations = [(await claim(stores.first, now_us=now)).generation for now in (2**62, 5, 2**63 - 2, 1)]
        assert generations == [2**62, 2**62 + 1, 2**63 - 2, 2**63 - 1]

    async def test_another_epoch_discards_what_was_held(self, stores: Stores) -> None:
        former = await claim(stores.first)
        await stores.first.write(former, run(range(50)))
        newest = await claim(stores.second, "epoch-2")
        assert newest.generation > former.generation
        assert await read(stores.first, 0) is None
        await stores.second.write(newest, run(range(3)))
        assert await read(stores.first, 0) is None
        found = await stores.first.read(P, "epoch-2", 0, max_records=9, max_bytes=MANY)
        assert offsets_of(found) == [0, 1, 2]

    async def test_partitions_do_not_touch_each_other(self, stores: Stores) -> None:
        other = await stores.first.claim(P + 1, EPOCH, 1)
        await stores.first.write(other, Run(0, (LogRecord(P + 1, 0, 1, b"k", b"other"),)))
        await stores.first.write(await claim(stores.first), run([7]))
        found = await stores.first.read(P + 1, EPOCH, 0, max_records=9, max_bytes=MANY)
        assert found == Stretch(0, 1, (LogRecord(P + 1, 0, 1, b"k", b"other"),))

    async def test_offsets_are_exact_over_64_bits(self, stores: Stores) -> None:
        owner = await claim(stores.first, now_us=2**53 + 1)
        for offset in EXACT_OFFSETS:
            await stores.first.write(owner, run([offset]))
        for at, offset in enumerate(EXACT_OFFSETS):
            expected = EXACT_OFFSETS[at:]
            for start in {offset, EXACT_OFFSETS[at - 1] + 1 if at else offset}:
                pages = await read_all(stores.second, start, count=2)
                assert [o for page in pages for o in offsets_of(page)] == list(expected)
            stretch = await read(stores.second, offset)
            assert stretch is not None
            assert stretch.start == offset
            assert stretch.end == next(o for o in range(offset + 1, offset + 9) if o not in EXACT_OFFSETS)
        held = await stores.first.meta(P)
        assert held is not None
        assert (held.low, held.high, held.generation) == (EXACT_OFFSETS[0], 2**63, 2**53 + 1)

    async def test_hostile_thread_ids_come_back_as_they_are(self, stores: Stores) -> None:
        records = tuple(log_record(index, b"%d" % index, key=key) for index, key in enumerate(HOSTILE_IDS))
        await stores.first.write(await claim(stores.first), Run(0, records))
        assert await read(stores.second, 0) == Stretch(0, len(records), records)

    async def test_the_oldest_go_by_count(self, stores: Stores) -> None:
        store = stores.bounded(100)
        owner = await claim(store)
        for start in range(0, 5_000, 50):
            held = await store.write(owner, run(range(start, start + 50)))
            assert held.high - held.low <= 100 + stores.overshoot
        assert held.high - held.low >= 100
        stretch = await read(store, 0)
        assert stretch is not None
        assert (stretch.start, stretch.end) == (held.low, 5_000)

    async def test_the_oldest_go_by_age(self, stores: Stores) -> None:
        owner = await claim(stores.first)
        records = tuple(log_record(offset, at_us=offset * 1_000) for offset in range(1_000))
        await stores.first.write(owner, Run(0, records))
        assert (await stores.first.trim(owner, 0)).low == 0
        assert (await stores.first.trim(owner, 617_500)).low == 618
        assert await read(stores.first, 5) == Stretch(618, 1_000, records[618:])
        everything = await stores.first.trim(owner, 10**15)
        assert (everything.low, everything.high) == (1_000, 1_000)
        assert await read(stores.first, 0) is None
        await stores.first.write(owner, run([1_000, 1_001]))
        assert offsets_of(await read(stores.first, 0)) == [1_000, 1_001]

    async def test_after_losing_everything_it_is_claimed_and_written_again(self, stores: Stores) -> None:
        owner = await claim(stores.first)
        await stores.first.write(owner, run(range(10)))
        await stores.damage.flush()
        assert await read(stores.first, 0) is None
        assert await stores.first.meta(P) is None
        with pytest.raises(RetainedFencedError) as lost:
            await stores.first.write(owner, run(range(10, 20)))
        assert lost.value.newest is None
        await stores.first.write(await claim(stores.first), run(range(20, 30)))
        assert await read(stores.second, 5) == Stretch(20, 30, run(range(20, 30)).records)
