"""What can happen to a topic while it is followed: holes, retention, more partitions, another life."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from confluent_kafka import Producer, Uuid

from alive import alive
from dashstream.adapters.kafka.log import KafkaLog
from dashstream.adapters.kafka.topic import Topic
from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.engine.ports import NewRecord, partition_of
from dashstream.errors import LogEpochChangedError, LogRefusedError, NotFoundError, OffsetOutOfRangeError
from dashstream.testing.log_conformance import new_record, read_all, sequenced
from parts.kafka import KafkaBroker, KafkaTopic, NewTopicMaker
from parts.kafka_log import WAIT_S, Follower, opened, options_for

THREAD = partition_of(b"thread", 3)


EACH = 5
"""Records of a transaction; its end is one more offset."""


def end_of(plan: str) -> int:
    """Where the log ends, some time after the broker has answered: it writes a transaction's end later."""
    return (EACH + 1) * len(plan)


def write_transactions(topic: KafkaTopic, plan: str, partition: int) -> list[bytes]:
    """Write transactions, one a letter: (c)ommitted or (a)borted; return the committed values."""
    producer = Producer({"bootstrap.servers": topic.broker.bootstrap, "transactional.id": topic.name, "log_level": 0})
    producer.init_transactions(WAIT_S)
    committed: list[bytes] = []
    for number, letter in enumerate(plan):
        values = [b"%c-%d-%d" % (ord(letter), number, index) for index in range(EACH)]
        producer.begin_transaction()
        for value in values:
            producer.produce(topic.name, value, b"thread", partition)
        if letter == "c":
            producer.commit_transaction(WAIT_S)
            committed += values
        else:
            producer.flush(WAIT_S)
            producer.abort_transaction(WAIT_S)
    return committed


async def test_transactions_leave_holes_that_are_passed(kafka_topic: KafkaTopic) -> None:
    async with opened(kafka_topic) as log:
        tail = await Follower.at_low(log)
        committed = await asyncio.to_thread(write_transactions, kafka_topic, "caacaca", THREAD)
        high = end_of("caacaca")
        await tail.until(lambda: tail.positions[THREAD] == high)
        assert tail.values == committed
        assert [record.value for record in await read_all(log, THREAD, page=7)] == committed


async def test_a_log_opened_later_reads_the_same(kafka_topic: KafkaTopic) -> None:
    committed = await asyncio.to_thread(write_transactions, kafka_topic, "acaacaa", THREAD)
    async with opened(kafka_topic) as log:
        high = end_of("acaacaa")
        reader = await Follower.at_low(log)
        await reader.until(lambda: reader.positions[THREAD] == high)
        assert reader.values == committed
        page = await log.read(THREAD, high - 1, max_records=10, max_bytes=1_000)
        assert (page, page.reached) == ([], {THREAD: high}), "nothing but the end of an aborted transaction"


async def test_an_open_transaction_is_not_seen(kafka_topic: KafkaTopic) -> None:
    async with opened(kafka_topic) as log:
        producer = Producer(
            {"bootstrap.servers": kafka_topic.broker.bootstrap, "transactional.id": kafka_topic.name, "log_level": 0}
        )
        await asyncio.to_thread(producer.init_transactions, WAIT_S)
        producer.begin_transaction()
        producer.produce(kafka_topic.name, b"open", b"thread", THREAD)
        await asyncio.to_thread(producer.flush, WAIT_S)
        mark = (await log.watermarks())[THREAD]
        assert mark.low == mark.high
        assert await log.read(THREAD, mark.low, max_records=1, max_bytes=1) == []
        await asyncio.to_thread(producer.commit_transaction, WAIT_S)
        tail = await Follower.at_low(log)
        await tail.until(lambda: tail.values == [b"open"])


async def test_partitions_added_are_followed_and_written_to(kafka_topic: KafkaTopic) -> None:
    async with opened(kafka_topic) as log:
        tail = await Follower.at_low(log)
        await log.append([new_record(b"before")])
        await tail.until(lambda: tail.values == [b"before"])
        await asyncio.to_thread(kafka_topic.add_partitions, 8)
        key = next(key for key in (b"k%d" % index for index in count()) if partition_of(key, 8) == 7)
        producer = Producer({"bootstrap.servers": kafka_topic.broker.bootstrap, "log_level": 0})
        producer.produce(kafka_topic.name, b"by another", key, 7)
        await asyncio.to_thread(producer.flush, WAIT_S)
        await tail.until(lambda: b"by another" in tail.values)
        assert set(await log.watermarks()) == set(range(8))
        (answer,) = await log.append([new_record(b"after", key=key)])
        assert answer.partition == 7
        await tail.until(lambda: tail.values == [b"before", b"by another", b"after"])


async def test_what_retention_removed_is_out_of_range_with_the_true_low(kafka_topic: KafkaTopic) -> None:
    async with opened(kafka_topic) as log:
        await log.append([new_record(b"%d" % index) for index in range(100)])
        await asyncio.to_thread(kafka_topic.trim, THREAD, 60)
    async with opened(kafka_topic) as log:
        for offset in (0, 59):
            with pytest.raises(OffsetOutOfRangeError) as caught:
                await log.read(THREAD, offset, max_records=10, max_bytes=1_000)
            assert (caught.value.partition, caught.value.offset, caught.value.low) == (THREAD, offset, 60)
        assert [r.value for r in await read_all(log, THREAD)] == [b"%d" % index for index in range(60, 100)]


async def test_a_tail_overtaken_by_retention_says_what_is_lost(kafka_topic: KafkaTopic) -> None:
    """The tail stops taking records when nobody passes them; meanwhile retention removes what comes next."""
    producer = Producer({"bootstrap.servers": kafka_topic.broker.bootstrap, "log_level": 0})
    async with opened(kafka_topic, tail_records=10, batch_records=10, fetch_bytes=65_536) as log:
        tail = await Follower.at_low(log)
        for index in range(2_000):
            producer.produce(kafka_topic.name, b"%d" % index + b"." * 1_000, b"thread", THREAD)
        await asyncio.to_thread(producer.flush, WAIT_S)
        await log.wait_beyond({THREAD: 10})
        await asyncio.to_thread(kafka_topic.trim, THREAD, 1_990)
        await tail.until(lambda: tail.positions[THREAD] == 2_000)
        offsets = [record.offset for record in tail.records]
        ((partition, start, end),) = tail.holes
        assert (partition, end) == (THREAD, 1_990)
        assert offsets == [*range(start), *range(1_990, 2_000)]


async def test_a_slow_follower_loses_nothing_and_memory_is_bounded(kafka_topic: KafkaTopic) -> None:
    producer = Producer({"bootstrap.servers": kafka_topic.broker.bootstrap, "log_level": 0})
    metrics = PrometheusMetrics()
    async with opened(kafka_topic, metrics, tail_records=500, batch_records=50) as log:
        tail = await Follower.at_low(log)
        for index in range(5_000):
            producer.produce(kafka_topic.name, b"%d" % index, b"thread", THREAD)
        await asyncio.to_thread(producer.flush, WAIT_S)
        await log.wait_beyond({THREAD: 500})
        await log.watermarks()
        held = log._window.records
        assert 500 - 50 <= held <= 500 + 50 * 6, "room is made by whole batches"
        shown = metrics.render().decode()
        assert f"dashstream_log_tail_records {held:.1f}\n" in shown
        assert f"dashstream_log_tail_bytes {log._window.bytes:.1f}\n" in shown
        await tail.until(lambda: len(tail.records) == 5_000)
        assert tail.values == [b"%d" % index for index in range(5_000)]


async def test_a_topic_made_anew_is_another_epoch(kafka_topic: KafkaTopic) -> None:
    async with opened(kafka_topic) as log:
        epoch = log.epoch
        await log.append([new_record(b"old")])
        await asyncio.to_thread(kafka_topic.recreate)
        with pytest.raises(LogEpochChangedError):
            async with asyncio.timeout(WAIT_S):
                await log.wait_beyond({0: 2**60})
        with pytest.raises(LogEpochChangedError):
            await log.append([new_record(b"x")])
        with pytest.raises(LogEpochChangedError):
            await log.watermarks()
    async with opened(kafka_topic) as log:
        assert log.epoch != epoch
        assert await read_all(log, THREAD) == []


async def test_records_of_a_new_topic_are_never_taken_for_the_old_one(kafka_topic: KafkaTopic) -> None:
    """The new topic gets past the old one's positions at once, so no offset looks wrong; no regular look helps."""
    producer = Producer({"bootstrap.servers": kafka_topic.broker.bootstrap, "log_level": 0})

    def write(value: bytes, records: int) -> None:
        for _ in range(records):
            producer.produce(kafka_topic.name, value, b"thread", THREAD)
        producer.flush(WAIT_S)

    async with opened(kafka_topic, check_interval_s=3_600.0) as log:
        tail = await Follower.at_low(log)
        await asyncio.to_thread(write, b"old", 50)
        await tail.until(lambda: len(tail.records) == 50)
        await asyncio.to_thread(kafka_topic.recreate)
        await asyncio.to_thread(write, b"new", 500)
        with pytest.raises(LogEpochChangedError):
            await tail.until(lambda: len(tail.records) > 50)
        assert set(tail.values) == {b"old"}


async def test_a_deleted_topic_ends_the_log(kafka_topic: KafkaTopic) -> None:
    async with opened(kafka_topic) as log:
        await asyncio.to_thread(kafka_topic.delete)
        with pytest.raises(LogEpochChangedError):
            async with asyncio.timeout(WAIT_S):
                await log.wait_beyond({0: 2**60})


async def test_a_missing_topic_is_refused(kafka: KafkaBroker) -> None:
    with pytest.raises(NotFoundError, match="no-such-topic"):
        await KafkaLog.open(options_for(KafkaTopic(kafka, "no-such-topic")))


async def test_a_record_that_the_topic_does_not_take_is_refused_and_the_rest_written_once(
    new_topic: NewTopicMaker,
) -> None:
    async with opened(await asyncio.to_thread(new_topic, 1, max_message_bytes="2000")) as log:
        tail = await Follower.at_low(log)
        large = NewRecord(b"thread", b"x" * 5_000, 1, sequenced(2).dedupe)
        with pytest.raises(LogRefusedError) as caught:
            await log.append([sequenced(1), large, sequenced(3)])
        assert not caught.value.retryable
        answers = await log.append([sequenced(1), sequenced(2), sequenced(3), sequenced(4)])
        assert [answer.duplicate for answer in answers] == [True, False, True, False]
        await tail.until(lambda: len(tail.records) == 4)
        assert tail.values == [b"p/1/thread/%d" % sequence for sequence in (1, 3, 2, 4)]


async def test_offsets_are_found_by_time(kafka_topic: KafkaTopic) -> None:
    async with opened(kafka_topic) as log:
        await log.append([new_record(b"x", timestamp_us=10**15 + index * 1_000) for index in range(10)])
        heads = log.heads(budget_s=WAIT_S)
        highs = await heads.highs()
        assert await heads.offsets_at(highs, 10**15 + 4_500) == {**highs, THREAD: 4}
        assert await heads.offsets_at(highs, 10**15 + 10_000) == highs


async def test_what_was_seen_on_the_log_is_a_duplicate(kafka_topic: KafkaTopic) -> None:
    async with opened(kafka_topic) as first, opened(kafka_topic) as second:
        await first.append([sequenced(1), sequenced(2)])
        for sequence in (1, 2):
            dedupe = sequenced(sequence).dedupe
            assert dedupe is not None
            second.remember(dedupe)
        answers = await second.append([sequenced(1), sequenced(2), sequenced(3)])
        assert [answer.duplicate for answer in answers] == [True, True, False]


async def test_asking_after_the_topic_costs_no_memory_for_good(kafka_topic: KafkaTopic) -> None:
    topic = Topic(options_for(kafka_topic))
    lives = {(await asyncio.to_thread(topic.life)).epoch for _ in range(50)}
    assert len(lives) == 1
    assert alive(Uuid) < 50
