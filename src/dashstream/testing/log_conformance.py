"""What every ``Log`` must do, as one suite: subclass ``LogConformance`` and give it a ``log`` fixture.

It assumes nothing about offsets beyond their order: they may be sparse and need not start at 0. Partitions
are found by key, so it runs on a log with any number of them.
"""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import Protocol

import pytest

from dashstream.engine.ports import Appended, Log, LogRecord, NewRecord, partition_of
from dashstream.engine.reading import Dedupe
from dashstream.errors import LogClosedError, LogFullError, OffsetOutOfRangeError
from dashstream.protocol.sequence import Counter

MANY = 1_000_000
MOMENT_US = 10**15
"""A time of arrival; a log may keep times to the millisecond only."""


def new_record(
    value: bytes, *, key: bytes = b"thread", timestamp_us: int = 1, dedupe: Dedupe | None = None
) -> NewRecord:
    """Return a record to append."""
    return NewRecord(key, value, timestamp_us, dedupe)


def sequenced(sequence: int, *, epoch: int = 1, thread: str = "thread", producer: str = "p") -> NewRecord:
    """Return a record with a producer's counter; its value tells which it is."""
    value = f"{producer}/{epoch}/{thread}/{sequence}".encode()
    return new_record(value, key=thread.encode(), dedupe=Dedupe(Counter(thread, producer, epoch), sequence))


async def read_all(log: Log, partition: int, *, page: int = MANY) -> list[LogRecord]:
    """Return a partition's retained records, read page by page."""
    found: list[LogRecord] = []
    following = (await log.watermarks())[partition].low
    while True:
        records = await log.read(partition, following, max_records=page, max_bytes=MANY)
        found += records
        if records.reached[partition] == following:
            return found
        following = records.reached[partition]


class LogConformance:
    """The suite. A subclass provides the fixture ``log``: empty, with the default limits.

    ``atomic`` says what the log has to say of itself.
    """

    atomic = True

    async def test_starts_empty_with_an_epoch(self, log: Log) -> None:
        marks = await log.watermarks()
        assert log.epoch
        assert log.topic
        assert log.atomic is self.atomic
        assert set(marks) == set(range(log.partition_count))
        assert all(mark.low == mark.high for mark in marks.values())
        for partition, mark in marks.items():
            assert await log.read(partition, mark.low, max_records=10, max_bytes=MANY) == []

    async def test_keeps_records_as_they_are_and_in_order(self, log: Log) -> None:
        values = [bytes([index % 256]) * (index * 7 % 300) for index in range(500)]
        answers = await log.append([new_record(value, timestamp_us=9_000) for value in values])
        partition = partition_of(b"thread", log.partition_count)
        records = await read_all(log, partition, page=37)
        assert [record.value for record in records] == values
        assert [record.offset for record in records] == [answer.offset for answer in answers]
        assert all(a.offset < b.offset for a, b in itertools.pairwise(records))
        assert {(record.key, record.timestamp_us, record.partition) for record in records} == {
            (b"thread", 9_000, partition)
        }

    async def test_one_key_has_one_partition(self, log: Log) -> None:
        keys = [f"thread-{index}".encode() for index in range(50)]
        answers = await log.append([new_record(key, key=key) for key in keys * 2])
        assert [answer.partition for answer in answers] == [partition_of(key, log.partition_count) for key in keys * 2]

    async def test_the_high_watermark_is_the_next_offset(self, log: Log) -> None:
        for _ in range(3):
            (answer,) = await log.append([new_record(b"x")])
            assert (await log.watermarks())[answer.partition].high > answer.offset
        high = (await log.watermarks())[answer.partition].high
        end = await log.read(answer.partition, high, max_records=1, max_bytes=MANY)
        assert (end, end.reached) == ([], {answer.partition: high})

    async def test_reads_stop_at_records_and_bytes_but_give_at_least_one(self, log: Log) -> None:
        answers = await log.append([new_record(b"v" * 100) for _ in range(20)])
        partition, first = answers[0].partition, answers[0].offset
        assert len(await log.read(partition, first, max_records=3, max_bytes=MANY)) == 3
        assert 1 <= len(await log.read(partition, first, max_records=20, max_bytes=450)) <= 4
        assert len(await log.read(partition, first, max_records=20, max_bytes=1)) == 1

    async def test_reading_several_partitions_keeps_each_in_order(self, log: Log) -> None:
        keys = [f"thread-{index}".encode() for index in range(40)]
        await log.append([new_record(b"%d" % index, key=keys[index % 40]) for index in range(200)])
        positions = {partition: mark.low for partition, mark in (await log.watermarks()).items()}
        seen: dict[int, list[LogRecord]] = {partition: [] for partition in positions}
        while True:
            page = await log.read_many(positions, max_records=17, max_bytes=MANY)
            if page.reached == positions:
                break
            assert len(page) <= 17
            for record in page:
                assert positions[record.partition] <= record.offset < page.reached[record.partition]
                seen[record.partition].append(record)
                positions[record.partition] = record.offset + 1
            positions = dict(page.reached)
        for partition, records in seen.items():
            assert records == await read_all(log, partition)
        assert sum(map(len, seen.values())) == 200

    async def test_a_duplicate_is_not_written(self, log: Log) -> None:
        first = await log.append([sequenced(1), sequenced(2)])
        again = await log.append([sequenced(1), sequenced(2), sequenced(3)])
        assert [answer.duplicate for answer in first + again] == [False, False, True, True, False]
        records = await read_all(log, first[0].partition)
        assert [record.value for record in records] == [b"p/1/thread/1", b"p/1/thread/2", b"p/1/thread/3"]

    async def test_a_duplicate_within_one_batch_is_not_written(self, log: Log) -> None:
        answers = await log.append([sequenced(5), sequenced(5), sequenced(4), sequenced(6)])
        assert [answer.duplicate for answer in answers] == [False, True, True, False]

    async def test_counters_of_producers_epochs_and_threads_are_independent(self, log: Log) -> None:
        records = [
            sequenced(1),
            sequenced(1, epoch=2),
            sequenced(1, producer="q"),
            sequenced(1, thread="other"),
        ]
        assert not any(answer.duplicate for answer in await log.append(records))
        assert all(answer.duplicate for answer in await log.append(records))

    async def test_large_producer_epochs_are_exact(self, log: Log) -> None:
        await log.append([sequenced(1, epoch=2**64 - 1)])
        assert not (await log.append([sequenced(1, epoch=2**64 - 2)]))[0].duplicate
        assert (await log.append([sequenced(1, epoch=2**64 - 1)]))[0].duplicate

    async def test_records_without_a_counter_are_always_written(self, log: Log) -> None:
        answers = await log.append([new_record(b"same"), new_record(b"same")])
        assert not any(answer.duplicate for answer in answers)

    async def test_an_empty_batch_changes_nothing(self, log: Log) -> None:
        before = await log.watermarks()
        assert await log.append([]) == []
        assert await log.watermarks() == before

    async def test_concurrent_appends_are_all_kept_in_their_own_order(self, log: Log) -> None:
        async def produce(producer: str) -> None:
            for start in range(1, 101, 10):
                await log.append([sequenced(start + index, producer=producer) for index in range(10)])

        await asyncio.gather(*(produce(f"p{index}") for index in range(8)))
        records = await read_all(log, partition_of(b"thread", log.partition_count))
        assert len(records) == 800
        for index in range(8):
            mine = [r.value for r in records if r.value is not None and r.value.startswith(b"p%d/" % index)]
            assert mine == [b"p%d/1/thread/%d" % (index, sequence) for sequence in range(1, 101)]

    async def test_waiting_ends_with_an_append(self, log: Log) -> None:
        high = {partition: mark.high for partition, mark in (await log.watermarks()).items()}
        waiting = asyncio.create_task(log.wait_beyond(high))
        await asyncio.sleep(0)
        assert not waiting.done()
        await log.append([new_record(b"x")])
        await asyncio.wait_for(waiting, 10)

    async def test_waiting_ends_at_once_when_there_is_more(self, log: Log) -> None:
        (answer,) = await log.append([new_record(b"x")])
        await asyncio.wait_for(log.wait_beyond({answer.partition: answer.offset}), 10)

    async def test_waiting_is_only_for_the_partitions_named(self, log: Log) -> None:
        partition = partition_of(b"thread", log.partition_count)
        other = next(
            key
            for key in (f"k{index}".encode() for index in range(10_000))
            if partition_of(key, log.partition_count) != partition
        )
        waiting = asyncio.create_task(log.wait_beyond({partition: (await log.watermarks())[partition].high}))
        await log.append([new_record(b"x", key=other)])
        await log.watermarks()
        assert not waiting.done()
        await log.append([new_record(b"x")])
        await asyncio.wait_for(waiting, 10)

    async def test_two_wait_at_once(self, log: Log) -> None:
        high = {partition: mark.high for partition, mark in (await log.watermarks()).items()}
        waiting = [asyncio.create_task(log.wait_beyond(high)) for _ in range(2)]
        await asyncio.sleep(0)
        await log.append([new_record(b"x")])
        await asyncio.wait_for(asyncio.gather(*waiting), 10)

    async def test_a_closed_log_refuses(self, log: Log) -> None:
        waiting = asyncio.create_task(log.wait_beyond({0: 2**62}))
        await asyncio.sleep(0)
        await log.close()
        await log.close()
        with pytest.raises(LogClosedError):
            await log.append([new_record(b"x")])
        with pytest.raises(LogClosedError):
            await log.watermarks()
        with pytest.raises(LogClosedError):
            await asyncio.wait_for(waiting, 10)


class RetentionConformance:
    """What a log does that removes old records itself; the same fixture ``log``."""

    async def test_retention_by_age_moves_the_low_watermark(self, log: Log) -> None:
        answers = await self._append_old_and_new(log)
        assert await log.enforce_retention(MOMENT_US + int(6 * 86_400e6)) == 0
        removed = await log.enforce_retention(MOMENT_US + int(8 * 86_400e6))
        assert removed == 5_000
        mark = (await log.watermarks())[answers[0].partition]
        assert mark.low > answers[4_999].offset
        records = await read_all(log, answers[0].partition)
        assert [record.value for record in records] == [b"new"] * 3

    async def test_reading_below_the_low_watermark_is_refused(self, log: Log) -> None:
        answers = await self._append_old_and_new(log)
        await log.enforce_retention(MOMENT_US + int(8 * 86_400e6))
        partition, offset = answers[0].partition, answers[0].offset
        low = (await log.watermarks())[partition].low
        with pytest.raises(OffsetOutOfRangeError) as caught:
            await log.read(partition, offset, max_records=1, max_bytes=MANY)
        assert (caught.value.partition, caught.value.offset, caught.value.low) == (partition, offset, low)
        with pytest.raises(OffsetOutOfRangeError):
            await log.read_many({partition: low - 1}, max_records=1, max_bytes=MANY)

    async def test_an_emptied_partition_goes_on_where_it_was(self, log: Log) -> None:
        answers = await self._append_old_and_new(log)
        await log.enforce_retention(10**18)
        mark = (await log.watermarks())[answers[0].partition]
        assert mark.low == mark.high > answers[-1].offset
        (answer,) = await log.append([new_record(b"x")])
        assert answer.offset >= mark.high

    async def _append_old_and_new(self, log: Log) -> Sequence[Appended]:
        """Append 5,000 records of one moment, then 3 a week later."""
        old = [new_record(b"old", timestamp_us=MOMENT_US) for _ in range(5_000)]
        new = [new_record(b"new", timestamp_us=MOMENT_US + int(7 * 86_400e6)) for _ in range(3)]
        return [*await log.append(old), *await log.append(new)]


class SpaceFault(Protocol):
    """Takes the space away from under a log, and gives it back."""

    def fill(self) -> None:
        """Leave no space for a batch of 4 MB."""

    def make_room(self) -> None:
        """Leave space again."""


class FullLogConformance:
    """What a log does without space; a subclass provides the fixture ``full``."""

    async def test_without_space_nothing_is_written_and_it_recovers(self, full: tuple[Log, SpaceFault]) -> None:
        log, fault = full
        await log.append([sequenced(1)])
        fault.fill()
        with pytest.raises(LogFullError) as caught:
            await log.append([new_record(b"x" * 4_000_000), sequenced(2)])
        assert caught.value.retryable
        partition = partition_of(b"thread", log.partition_count)
        assert [record.value for record in await read_all(log, partition)] == [b"p/1/thread/1"]
        fault.make_room()
        answers = await log.append([sequenced(1), sequenced(2)])
        assert [answer.duplicate for answer in answers] == [True, False]
