"""What is on Kafka, read from end to end by a plain client, and told without the product's code.

Facts are values: the checker compares journals and reports with them and touches nothing else.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import zstandard
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from chaos.producer import BAD_HEADER
from dashstream.bench.facts import Identity, LogFacts, Record
from dashstream.protocol.gen import dashstream_pb2 as pb

READ_S, ASK_S = 30.0, 5.0
PAGE, PAGE_S = 5_000, 0.1
NO_VALUE = -1
MAX_VALUE_BYTES = 16 << 20


@dataclass(frozen=True)
class Letter:
    """A dead letter as it is on its topic: its key, what it says about the record's place, and its own offset."""

    offset: int
    key: str
    topic: str
    epoch: str
    partition: int
    source_offset: int


@dataclass(frozen=True)
class CommitSample:
    """Committed positions at some moment, and where the letters' topic ended after that."""

    positions: Mapping[int, int]
    letters_end: int


class KafkaFacts:
    """Reads topics of one broker."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "chaos-checker",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "topic.metadata.refresh.interval.ms": 500,
                "reconnect.backoff.max.ms": 500,
                "log_level": 0,
            }
        )

    def close(self) -> None:
        self._consumer.close()

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Return the low and the high watermark of a partition; a broker that just started is asked again."""
        deadline = monotonic() + READ_S
        while True:
            try:
                low, high = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), ASK_S, cached=False)
            except KafkaException:
                if monotonic() > deadline:
                    raise
                with suppress(KafkaException):
                    self._consumer.list_topics(topic, ASK_S)  # else it believes for half a minute what it heard first
            else:
                return low, high

    def read_log(self, facts: LogFacts, topic: str, partition: int) -> None:
        """Add what is on a partition now, and where it begins and ends."""
        low, high = self.bounds(topic, partition)
        facts.low[partition], facts.high[partition] = low, high
        facts.add(partition, [_record(message) for message in self._messages(topic, partition, low, high)])

    def read_letters(self, topic: str) -> list[Letter]:
        """Return all letters on the topic, repeated ones too."""
        low, high = self.bounds(topic, 0)
        letters = []
        for message in self._messages(topic, 0, low, high):
            told = json.loads(message.value() or b"")
            letters.append(
                Letter(
                    message.offset() or 0,
                    _text(message.key()),
                    told["topic"],
                    told["epoch"],
                    told["partition"],
                    int(told["offset"]),
                )
            )
        return letters

    def _messages(self, topic: str, partition: int, low: int, high: int) -> Iterator[Message]:
        self._consumer.assign([TopicPartition(topic, partition, low)])
        reached, deadline = low, monotonic() + READ_S
        while reached < high:
            found = self._consumer.consume(PAGE, PAGE_S)
            assert found or monotonic() < deadline, f"{topic}/{partition} gives nothing at {reached} of {high}"
            for message in found:
                assert message.error() is None, message.error()
                reached = (message.offset() or 0) + 1
                if reached <= high:
                    yield message
        self._consumer.unassign()


def _record(message: Message) -> Record:
    value = message.value()
    is_bad = any(name == BAD_HEADER for name, _ in message.headers() or ())
    crc = NO_VALUE if value is None else zlib.crc32(value)
    identity = None if is_bad or value is None else _identity(value)
    return Record(message.offset() or 0, _text(message.key()), crc, is_bad, identity)


def _identity(value: bytes) -> Identity:
    assert value[0] in {0, 1}, "neither plain nor compressed"
    content = value[1:]
    if value[0]:
        content = zstandard.ZstdDecompressor().decompress(content, max_output_size=MAX_VALUE_BYTES)
    header = pb.DashStreamMessage.FromString(content).event.header
    return Identity(header.producer_id, header.producer_epoch, header.thread_id, header.sequence)


def _text(key: str | bytes | None) -> str:
    return key.decode() if isinstance(key, bytes) else key or ""
