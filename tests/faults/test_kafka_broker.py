"""The broker is killed, restarted and frozen under a Kafka log: nothing is lost, nothing doubled, nothing hangs."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest
from confluent_kafka import Producer

from dashstream.adapters.kafka.log import KafkaLog
from dashstream.engine.ports import partition_of
from dashstream.errors import LogClosedError, LogError, LogUnavailableError
from dashstream.testing.log_conformance import new_record, read_all, sequenced
from parts.kafka import KafkaBroker, KafkaTopic, NewTopicMaker
from parts.kafka_log import WAIT_S, Follower, opened, options_for

pytestmark = pytest.mark.faults
THREAD = partition_of(b"thread", 3)
BATCH = 50


async def append_until_done(log: KafkaLog, sequences: range) -> None:
    """Append a batch again and again until it is said to be on the log."""
    async with asyncio.timeout(2 * WAIT_S):
        while True:
            try:
                await log.append([sequenced(sequence) for sequence in sequences])
            except LogUnavailableError:
                await asyncio.sleep(0)
            else:
                return


async def test_a_broker_killed_and_restarted_loses_nothing_and_keeps_the_order(
    kafka: KafkaBroker, kafka_topic: KafkaTopic
) -> None:
    """Mid-append and mid-tail at once; a log that was not there meanwhile reads the same.

    A lone broker that is killed in the middle of a request may keep what it got of it and not know so when the client,
    idempotent as it is, sends it again: that one request, and no other, may be on the log twice.
    """
    async with opened(kafka_topic) as log:
        tail = await Follower.at_low(log)

        async def produce() -> None:
            for start in range(1, 3_001, BATCH):
                await append_until_done(log, range(start, start + BATCH))

        producing = asyncio.create_task(produce())
        await tail.until(lambda: len(tail.records) >= 200)
        await asyncio.to_thread(kafka.restart)
        await producing
        await tail.until(lambda: len(set(tail.values)) == 3_000)
        assert list(dict.fromkeys(tail.values)) == [b"p/1/thread/%d" % sequence for sequence in range(1, 3_001)]
        assert len(tail.values) <= 3_000 + BATCH
        assert [record.value for record in await read_all(log, THREAD, page=700)] == tail.values


async def test_while_the_broker_is_away_followers_and_readers_are_told(
    kafka: KafkaBroker, kafka_topic: KafkaTopic
) -> None:
    async with opened(kafka_topic, request_timeout_s=1.0, delivery_timeout_s=1.0) as log:
        tail = await Follower.at_low(log)
        await append_until_done(log, range(1, 2))
        await tail.until(lambda: len(tail.records) == 1)
        await asyncio.to_thread(kafka.kill)
        with pytest.raises(LogUnavailableError):
            async with asyncio.timeout(WAIT_S):
                await log.wait_beyond(tail.positions)
        with pytest.raises(LogUnavailableError):
            await log.watermarks()
        with pytest.raises(LogUnavailableError):
            await log.append([sequenced(2)])
        with pytest.raises(LogUnavailableError):
            await KafkaLog.open(options_for(kafka_topic, request_timeout_s=0.5))
        await asyncio.to_thread(kafka.start)
        await append_until_done(log, range(2, 4))
        await tail.until(lambda: len(tail.records) == 3)
        assert tail.values == [b"p/1/thread/%d" % sequence for sequence in (1, 2, 3)]


async def test_a_frozen_broker_costs_one_time_budget_for_200_partitions(
    kafka: KafkaBroker, new_topic: NewTopicMaker
) -> None:
    async with opened(await asyncio.to_thread(new_topic, 200), request_timeout_s=2.0) as log:
        started = monotonic()
        assert len(await log.watermarks()) == 200
        assert monotonic() - started < 2.0
        kafka.stop()
        try:
            started = monotonic()
            with pytest.raises(LogUnavailableError, match="of 200 partitions"):
                await log.watermarks()
            assert monotonic() - started < 2.0 + 8.0  # not as many budgets as partitions
        finally:
            kafka.go_on()
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    assert len(await log.watermarks()) == 200
                    break
                except LogUnavailableError:
                    await asyncio.sleep(0)


async def test_closing_ends_in_time_while_the_broker_is_frozen(kafka: KafkaBroker, kafka_topic: KafkaTopic) -> None:
    log = await KafkaLog.open(options_for(kafka_topic, request_timeout_s=1.0, close_timeout_s=1.0))
    await log.append([new_record(b"x")])
    await log.read(THREAD, 0, max_records=1, max_bytes=1)
    kafka.stop()
    try:
        appending = asyncio.create_task(log.append([new_record(b"y")]))
        waiting = asyncio.create_task(log.wait_beyond({THREAD: 1_000}))
        await asyncio.sleep(0)
        started = monotonic()
        await log.close()
        assert monotonic() - started < 4.0
        with pytest.raises(LogError):
            await asyncio.wait_for(appending, 10)
        with pytest.raises(LogClosedError):
            await asyncio.wait_for(waiting, 10)
    finally:
        kafka.go_on()


async def test_a_frozen_broker_holds_nothing_up_for_good(kafka: KafkaBroker, kafka_topic: KafkaTopic) -> None:
    async with opened(kafka_topic) as log:
        tail = await Follower.at_low(log)
        producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
        for index in range(1_000):
            producer.produce(kafka_topic.name, b"%d" % index, b"thread", THREAD)
        await asyncio.to_thread(producer.flush, WAIT_S)
        await tail.until(lambda: len(tail.records) >= 1)
        kafka.stop()
        appending = asyncio.create_task(append_until_done(log, range(1, 2)))
        await asyncio.to_thread(kafka.go_on)
        await appending
        await tail.until(lambda: len(tail.records) == 1_001)
        assert tail.values == [*(b"%d" % index for index in range(1_000)), b"p/1/thread/1"]


async def test_what_a_frozen_broker_wrote_without_a_word_is_not_written_again(
    kafka: KafkaBroker, kafka_topic: KafkaTopic
) -> None:
    """The client gives up on a request that lies in the broker's socket; the broker wakes up and carries it out."""
    async with opened(kafka_topic, request_timeout_s=2.0, delivery_timeout_s=1.0) as log:
        await append_until_done(log, range(1, 3))
        kafka.stop()
        try:
            with pytest.raises(LogUnavailableError):
                await log.append([sequenced(3), sequenced(4)])
        finally:
            kafka.go_on()
        await append_until_done(log, range(3, 6))
        tail = await Follower.at_low(log)
        await tail.until(lambda: b"p/1/thread/5" in tail.values)
        assert tail.values == [b"p/1/thread/%d" % sequence for sequence in range(1, 6)]
