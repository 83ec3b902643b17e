"""What the Kafka log keeps in memory: the window of its newest records, and which records were written."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from alive import alive
from dashstream.adapters.kafka.dedupes import MAX_ABOVE, Dedupes
from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.adapters.kafka.ownership import KafkaOwnership
from dashstream.adapters.kafka.window import Run, Window, size_of
from dashstream.engine.ports import LogRecord
from dashstream.engine.reading import Dedupe
from dashstream.protocol.sequence import Counter


def record(partition: int, offset: int, size: int = 1) -> LogRecord:
    return LogRecord(partition, offset, 0, b"", b"x" * size)


def window(max_records: int = 10, max_bytes: int = 1_000, partitions: int = 2) -> Window:
    made = Window(max_records, max_bytes)
    for partition in range(partitions):
        made.begin(partition, 0)
    return made


def add(kept: Window, records: list[LogRecord], reached: dict[int, int]) -> None:
    kept.extend([Run(one.partition, [one], size_of(one)) for one in records], reached)


def offsets(found: tuple[list[LogRecord], int, int]) -> tuple[list[int], int]:
    assert found[2] == sum(map(size_of, found[0]))
    return [item.offset for item in found[0]], found[1]


def test_nothing_leaves_before_it_was_passed_and_then_only_for_room() -> None:
    kept = window(max_records=3)
    add(kept, [record(0, offset) for offset in range(5)], {0: 5})
    assert kept.is_full
    assert offsets(kept.take(0, 0, 10, 100)) == ([0, 1, 2, 3, 4], 5)
    kept.note_passed({0: 5})
    assert not kept.is_full
    assert not kept.covers(0, 1)
    assert offsets(kept.take(0, 2, 10, 100)) == ([2, 3, 4], 5)


def test_a_page_that_ends_before_the_newest_record_reaches_its_own_end_only() -> None:
    kept = window()
    add(kept, [record(0, 2), record(0, 5)], {0: 9})
    assert offsets(kept.take(0, 0, 1, 100)) == ([2], 3)
    assert offsets(kept.take(0, 0, 9, 1)) == ([2], 3)
    assert offsets(kept.take(0, 3, 9, 100)) == ([5], 9)
    assert offsets(kept.take(0, 6, 9, 100)) == ([], 9)


def test_a_lane_that_begins_again_forgets_what_it_held() -> None:
    kept = window(max_records=3)
    add(kept, [record(0, 0), record(1, 0), record(0, 1), record(0, 2)], {0: 3, 1: 1})
    kept.begin(0, 50)
    assert not kept.is_full
    assert (kept.records, kept.bytes) == (1, 1)
    assert not kept.covers(0, 2)
    assert kept.covers(0, 50)
    assert offsets(kept.take(1, 0, 9, 100)) == ([0], 1)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 3), st.integers(0, 9), st.booleans()), min_size=1, max_size=200
    )
)
def test_who_follows_gets_every_record_once_whatever_leaves_the_window(steps: list[tuple[int, int, int, bool]]) -> None:
    kept = window(max_records=8, max_bytes=20, partitions=3)
    ends = dict.fromkeys(range(3), 0)
    seen: dict[int, list[int]] = {0: [], 1: [], 2: []}
    written: dict[int, list[int]] = {0: [], 1: [], 2: []}
    at = dict.fromkeys(range(3), 0)
    for partition, gap, size, reads in steps:
        offset = ends[partition] + gap
        ends[partition] = offset + 1
        written[partition].append(offset)
        add(kept, [record(partition, offset, size)], {partition: offset + 1})
        if reads:
            kept.note_passed(at)
            for each in at:
                assert kept.covers(each, at[each])
                found, at[each], _ = kept.take(each, at[each], 2, 100)
                seen[each] += [item.offset for item in found]
    for each in at:
        while at[each] < ends[each]:
            found, at[each], _ = kept.take(each, at[each], 2, 100)
            seen[each] += [item.offset for item in found]
    assert seen == written


def dedupe(sequence: int, producer: str = "p") -> Dedupe:
    return Dedupe(Counter("t", producer, 1), sequence)


def test_after_a_failure_in_a_batch_only_what_was_written_is_known() -> None:
    known = Dedupes(10)
    known.note_batch([(dedupe(1), True), (dedupe(2), False), (dedupe(3), True)])
    assert [known.has(dedupe(sequence)) for sequence in range(1, 5)] == [True, False, True, False]
    known.note_batch([(dedupe(2), True), (dedupe(4), True)])
    assert all(known.has(dedupe(sequence)) for sequence in range(1, 5))


def test_what_is_seen_above_a_failed_record_does_not_hide_it() -> None:
    known = Dedupes(10)
    known.note_batch([(dedupe(1), False), (dedupe(2), True)])
    known.note_seen(dedupe(2))
    known.note_seen(dedupe(3))
    assert [known.has(dedupe(sequence)) for sequence in range(1, 4)] == [False, True, True]
    known.note_seen(dedupe(1))
    assert all(known.has(dedupe(sequence)) for sequence in range(1, 4))


def test_the_first_record_seen_of_a_producer_is_its_baseline() -> None:
    known = Dedupes(10)
    known.note_seen(dedupe(7))
    assert known.has(dedupe(3))
    assert not known.has(dedupe(8))


def test_memory_is_bounded_by_producers_and_by_records_of_each() -> None:
    known = Dedupes(3)
    for index in range(5):
        known.note_seen(dedupe(1, f"p{index}"))
    assert len(known) == 3
    assert not known.has(dedupe(1, "p1"))
    assert known.has(dedupe(1, "p4"))
    known.note_batch([(dedupe(1), False)])
    for sequence in range(3, 3 + MAX_ABOVE + 1):
        known.note_seen(dedupe(sequence))
    assert known.has(dedupe(2)), "nobody waits for it any more"


async def test_who_stops_waiting_for_a_change_leaves_nothing_behind() -> None:
    joined = KafkaOwnership(KafkaOptions(bootstrap=("127.0.0.1:9",)))
    before = alive(asyncio.Future)
    for _ in range(100):
        waiting = asyncio.ensure_future(joined.changed(frozenset()))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert alive(asyncio.Future) < before + 10, "of a hundred"
    waiting = asyncio.ensure_future(joined.changed(frozenset()))
    await asyncio.sleep(0)
    joined._set_owned(frozenset({1}))
    await waiting
