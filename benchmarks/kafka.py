"""Kafka into the log's port and back, beside bare loops over the same client and broker.

Every figure is a median of interleaved rounds in the same run. Reading is counted in records per second of this
process's CPU, all threads included: another process writes while it reads, and the broker has the rest of the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from rich.console import Console
from rich.table import Table

from dashstream.adapters.kafka.log import KafkaLog
from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.engine.hub import Hub
from dashstream.engine.ingest import IngestPump
from dashstream.engine.limits import ClientLimits, IngestLimits, RingLimits
from dashstream.engine.ports import NewRecord, NoMetrics
from dashstream.engine.reading import Dedupe
from dashstream.engine.ring import Ring
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import encode
from dashstream.protocol.sequence import Counter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from parts.kafka import KafkaTopic  # noqa: E402  # found only now
from parts.kafka_server import KafkaBroker, kafka_libs  # noqa: E402  # as above

PARTITIONS = 4
COUNTER = Counter("k", "p", 1)
VALUE = encode(
    pb.DashStreamMessage(
        event=pb.Event(
            header=pb.Header(
                message_id=bytes(16),
                timestamp_us=1_800_000_000_000_000,
                tenant_id="default",
                thread_id="thread",
                run_id="run",
                sequence=1,
                type=pb.MESSAGE_TYPE_EVENT,
                schema_version=1,
                producer_id="producer",
                producer_epoch=1,
            ),
            event_type=pb.EVENT_TYPE_NODE_PROGRESS,
            attributes={"text": pb.AttributeValue(string_value="x" * 170)},
        )
    )
)
"""A record of about 300 bytes."""
BATCH = 100
PAGE_RECORDS, PAGE_BYTES = 5_000, 8 << 20
WRITE = """
import sys
from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": sys.argv[1], "queue.buffering.max.messages": 0, "linger.ms": 5})
value = bytes.fromhex(sys.argv[4])
for index in range(int(sys.argv[3])):
    producer.produce(sys.argv[2], value, b"k", index % 4)
    if not index % 1000:
        producer.poll(0)
producer.flush()
"""

Measured = Callable[[KafkaTopic, int], Awaitable[float]]


@asynccontextmanager
async def writer(topic: KafkaTopic, count: int) -> AsyncIterator[None]:
    """Another process that writes records meanwhile."""
    command = [sys.executable, "-c", WRITE, topic.broker.bootstrap, topic.name, str(count), VALUE.hex()]
    process = await asyncio.create_subprocess_exec(*command)
    yield
    assert await process.wait() == 0


def options(topic: KafkaTopic) -> KafkaOptions:
    return KafkaOptions(bootstrap=(topic.broker.bootstrap,), topic=topic.name)


def bare_consumer(topic: KafkaTopic, offsets: dict[int, int]) -> Consumer:
    consumer = Consumer({"bootstrap.servers": topic.broker.bootstrap, "group.id": "bench", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic.name, partition, offset) for partition, offset in offsets.items()])
    return consumer


def drain(consumer: Consumer, count: int) -> None:
    """Read values in a bare loop."""
    read = 0
    while read < count:
        for message in consumer.consume(1_000, 1.0):
            if message.error() is None and message.value() is not None:
                read += 1
    consumer.close()


async def heads(topic: KafkaTopic) -> dict[int, int]:
    log = await KafkaLog.open(options(topic))
    marks = await log.watermarks()
    await log.close()
    return {partition: mark.high for partition, mark in marks.items()}


async def bare_tail(topic: KafkaTopic, count: int) -> float:
    consumer = bare_consumer(topic, await heads(topic))
    async with writer(topic, count):
        began = time.process_time()
        await asyncio.to_thread(drain, consumer, count)
        return count / (time.process_time() - began)


async def port_tail(topic: KafkaTopic, count: int) -> float:
    log = await KafkaLog.open(options(topic))
    positions = {partition: mark.high for partition, mark in (await log.watermarks()).items()}
    async with writer(topic, count):
        began, read = time.process_time(), 0
        while read < count:
            await log.wait_beyond(positions)
            page = await log.read_many(positions, max_records=PAGE_RECORDS, max_bytes=PAGE_BYTES)
            positions.update(page.reached)
            read += len(page)
        spent = time.process_time() - began
    await log.close()
    return count / spent


def parse(consumer: Consumer, count: int) -> None:
    """Read and parse values in a bare loop."""
    read = 0
    while read < count:
        for message in consumer.consume(1_000, 1.0):
            if message.error() is None and (value := message.value()) is not None:
                pb.DashStreamMessage.FromString(value[1:])
                read += 1
    consumer.close()


async def bare_parse(topic: KafkaTopic, count: int) -> float:
    consumer = bare_consumer(topic, await heads(topic))
    async with writer(topic, count):
        began = time.process_time()
        await asyncio.to_thread(parse, consumer, count)
        return count / (time.process_time() - began)


async def ring_tail(topic: KafkaTopic, count: int) -> float:
    log = await KafkaLog.open(options(topic))
    ring = Ring(RingLimits())
    pump = IngestPump(log, ring, Hub(ring, ClientLimits(), NoMetrics()), IngestLimits(), NoMetrics())
    await pump.start()
    async with writer(topic, count):
        began, read = time.process_time(), 0
        while read < count:
            await log.wait_beyond(ring.positions)
            read += await pump.pump_once()
        spent = time.process_time() - began
    await log.close()
    return count / spent


async def bare_replay(topic: KafkaTopic, count: int) -> float:
    consumer = bare_consumer(topic, {0: 0})
    began = time.monotonic()
    await asyncio.to_thread(drain, consumer, count)
    return count / (time.monotonic() - began)


async def port_replay(topic: KafkaTopic, count: int) -> float:
    log = await KafkaLog.open(options(topic))
    began, read, offset = time.monotonic(), 0, 0
    while read < count:
        page = await log.read(0, offset, max_records=PAGE_RECORDS, max_bytes=256 << 10)
        offset = page.reached[0]
        read += len(page)
    spent = time.monotonic() - began
    await log.close()
    return read / spent


async def bare_append(topic: KafkaTopic, count: int) -> float:
    producer = Producer({"bootstrap.servers": topic.broker.bootstrap, "enable.idempotence": True, "linger.ms": 1})
    producer.produce(topic.name, VALUE, b"k", 0)
    producer.flush()
    began = time.monotonic()
    for index in range(count):
        producer.produce(topic.name, VALUE, b"k", 0)
        if index % BATCH == BATCH - 1:
            producer.flush()
    return count / (time.monotonic() - began)


async def port_append(topic: KafkaTopic, count: int) -> float:
    log = await KafkaLog.open(options(topic))
    await log.append([NewRecord(b"k", VALUE, 1)])
    began = time.monotonic()
    for start in range(1, count + 1, BATCH):
        numbers = range(start, start + BATCH)
        await log.append([NewRecord(b"k", VALUE, 1, Dedupe(COUNTER, number)) for number in numbers])
    spent = time.monotonic() - began
    await log.close()
    return count / spent


async def measure(broker: KafkaBroker, rounds: int, records: int) -> Table:
    """Run every pair, interleaved, each pair on a topic of its own."""
    pairs: list[tuple[str, str, Measured, Measured, int]] = [
        ("tail into the port", "records / CPU s", bare_tail, port_tail, records),
        ("tail into the ring; bare: parsed", "records / CPU s", bare_parse, ring_tail, records),
        ("replay by pages of 256 KiB", "records / s", bare_replay, port_replay, records // PARTITIONS),
        (f"append, {BATCH} a batch", "records / s", bare_append, port_append, records // 20),
    ]
    table = Table("what", "unit", "bare client", "port", "ratio", title=f"{records} records of {len(VALUE)} bytes")
    topic = KafkaTopic(broker, "bench")
    topic.create(PARTITIONS)
    for name, unit, bare, port, count in pairs:
        figures: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds):
            for into, run in zip(figures, (bare, port), strict=True):
                into.append(await run(topic, count))
        baseline, ours = (statistics.median(each) for each in figures)
        table.add_row(name, unit, f"{baseline:,.0f}", f"{ours:,.0f}", f"{ours / baseline:.2f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=200_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        broker = KafkaBroker.made(Path(directory), kafka_libs())
        try:
            broker.start()
            Console().print(asyncio.run(measure(broker, given.rounds, given.records)))
        finally:
            broker.kill()


if __name__ == "__main__":
    main()
