"""The ring by its laws, against a plain list that forgets nothing, far beyond where it begins to reuse its memory."""

from __future__ import annotations

import random
from itertools import islice

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashstream.engine.limits import RingLimits
from dashstream.engine.ports import LogRecord
from dashstream.engine.reading import RecordHead
from dashstream.engine.ring import ITEM_OVERHEAD, Entry, Hole, Item, Ring
from dashstream.protocol.batch import decode_frame, encode_frame_lead
from dashstream.protocol.codes import GapReason

HEAD = RecordHead("t", "th", "r", "g", "event")
PARTITIONS = 3


def started(**limits: int) -> Ring:
    ring = Ring(RingLimits(**limits))
    ring.start(dict.fromkeys(range(PARTITIONS), 0), {})
    return ring


def append(ring: Ring, partition: int, value: bytes = b"v") -> Entry:
    ring.extend([(LogRecord(partition, ring.positions[partition], 0, b"k", value), HEAD)])
    (entry,) = ring.since(ring.end - 1, 1)
    assert isinstance(entry, Entry)
    return entry


def append_any(ring: Ring, choice: random.Random) -> Item:
    """Add what comes to a busy and to two quiet partitions: mostly a record, now and then a hole."""
    partition = choice.choices(range(PARTITIONS), (90, 8, 2))[0]
    if choice.random() < 0.98:
        return append(ring, partition)
    start = ring.positions[partition]
    hole = Hole(partition, start, start + choice.randint(1, 5), GapReason.LOST)
    ring.append_hole(hole)
    return hole


def check(ring: Ring, all_items: list[Item], choice: random.Random) -> None:
    held = all_items[ring.begin :]
    arrival = choice.randint(ring.begin, ring.end)
    assert list(ring.since(arrival, 50)) == all_items[arrival : arrival + 50]
    for partition, position in ring.positions.items():
        lane = [item for item in held if item.partition == partition]
        low = ring.low(partition)
        assert low == (lane[0].offset if lane else position)
        offset = choice.randint(low, position)
        assert list(ring.lane(partition, offset, 50)) == [item for item in lane if item.end > offset][:50]


@pytest.mark.parametrize("seed", range(3))
def test_who_reads_at_or_above_the_low_end_misses_nothing(seed: int) -> None:
    choice = random.Random(seed)
    ring = started(max_records=700)
    all_items: list[Item] = []
    for count in range(6_000):
        all_items.append(append_any(ring, choice))
        if count % 37 == 0:
            check(ring, all_items, choice)
    assert (ring.begin, ring.end, len(ring)) == (5_300, 6_000, 700)
    assert ring.bytes == sum(item.size + ITEM_OVERHEAD for item in all_items[ring.begin :])


def test_it_holds_exactly_as_much_as_it_may() -> None:
    ring = started()
    three = 3 * (append(ring, 0).size + ITEM_OVERHEAD)
    for limits, held in (({"max_bytes": three}, 3), ({"max_bytes": three - 1}, 2), ({"max_records": 3}, 3)):
        ring = started(**limits)
        for _ in range(6):
            append(ring, 0)
        assert (len(ring), ring.low(0)) == (held, 6 - held), limits


@given(
    st.lists(st.tuples(st.integers(0, PARTITIONS - 1), st.integers(0, 900)), max_size=40),
    st.lists(st.integers(1, 12), max_size=10),
    st.integers(1, 12),
    st.integers(1, 6_000),
)
def test_pages_leave_what_record_by_record_leaves(
    records: list[tuple[int, int]], pages: list[int], max_records: int, max_bytes: int
) -> None:
    one_by_one = started(max_records=max_records, max_bytes=max_bytes)
    by_page = started(max_records=max_records, max_bytes=max_bytes)
    made = []
    for partition, size in records:
        made.append(LogRecord(partition, one_by_one.positions[partition], 0, b"k", bytes(size)))
        one_by_one.extend([(made[-1], HEAD)])
    coming = iter(made)
    for count in [*pages, len(made)]:
        by_page.extend((record, HEAD) for record in islice(coming, count))
    assert (by_page.begin, by_page.end, by_page.bytes) == (one_by_one.begin, one_by_one.end, one_by_one.bytes)
    assert by_page.positions == one_by_one.positions
    for partition, position in by_page.positions.items():
        low = by_page.low(partition)
        assert low == one_by_one.low(partition)
        held = [[msgspec.structs.astuple(e) for e in ring.lane(partition, low, 99)] for ring in (by_page, one_by_one)]
        assert held[0] == held[1]
        assert len(held[0]) == position - low


def test_the_newest_item_is_held_however_large_it_is() -> None:
    ring = started(max_bytes=1)
    append(ring, 0)
    newest = append(ring, 1, b"v" * 10_000)
    assert list(ring.since(ring.begin, 10)) == [newest]
    assert (ring.low(0), ring.low(1)) == (1, 0)


def test_what_stands_before_a_record_names_whatever_came_before_it_for_whoever_asks() -> None:
    ring = started()
    append(ring, 0)
    for _ in range(2):
        append(ring, 1)
    entry = append(ring, 0, b"value")
    for _ in range(2):  # made, then kept
        for previous, step in ((0, 1), (None, 0), (0, 1)):
            (found,) = decode_frame(encode_frame_lead(1, 1) + entry.lead_after(previous) + entry.value).entries
            assert (found.partition, found.offset, found.step, found.value) == (0, 1, step, b"value")
