"""A real Apache Kafka for the tests, and topics on it.

One broker serves the whole session; every test has topics of its own. A test that kills, stops or restarts the broker
leaves it running for the next one: the fixture sees to that.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import NewPartitions, NewTopic, OffsetSpec

from parts.kafka_server import CALL_S, KafkaBroker, kafka_libs


@dataclass(frozen=True)
class KafkaTopic:
    """A topic of one test."""

    broker: KafkaBroker
    name: str

    def create(self, partitions: int = 3, **config: str) -> None:
        """Create it; configuration names have underscores for dots. Returns when it has its leaders."""
        settings = {name.replace("_", "."): value for name, value in config.items()}
        wanted = NewTopic(self.name, partitions, 1, config=settings)
        for _ in self.broker.attempts():
            made = self.broker.admin.create_topics([wanted], operation_timeout=CALL_S)
            try:
                made[self.name].result(CALL_S)
                break
            except KafkaException as error:
                # A broker that was frozen is not among the living until its next heartbeat.
                if error.args[0].code() != KafkaError.INVALID_REPLICATION_FACTOR:
                    raise
        self._wait_for(partitions)

    def delete(self) -> None:
        """Delete it."""
        self.broker.admin.delete_topics([self.name], operation_timeout=CALL_S)[self.name].result(CALL_S)

    def recreate(self, partitions: int = 3, **config: str) -> None:
        """Give the name to a new topic."""
        self.delete()
        self.create(partitions, **config)

    def add_partitions(self, total: int) -> None:
        """Raise the number of partitions to ``total``."""
        made = self.broker.admin.create_partitions([NewPartitions(self.name, total)], operation_timeout=CALL_S)
        made[self.name].result(CALL_S)
        self._wait_for(total)

    def trim(self, partition: int, low: int) -> None:
        """Remove everything below ``low``, as retention would."""
        wanted = TopicPartition(self.name, partition, low)
        for done in self.broker.admin.delete_records([wanted], operation_timeout=CALL_S).values():
            done.result(CALL_S)

    def _wait_for(self, partitions: int) -> None:
        """Return when every partition answers."""
        wanted = {TopicPartition(self.name, partition): OffsetSpec.latest() for partition in range(partitions)}
        for _ in self.broker.attempts():
            self.broker.admin.list_topics(self.name, timeout=CALL_S)  # or the client stays with what it has heard first
            answers = self.broker.admin.list_offsets(wanted, request_timeout=CALL_S)
            if all(answer.exception(CALL_S) is None for answer in answers.values()):
                return
        raise AssertionError(f"{self.name} has no {partitions} partitions with leaders")


class NewTopicMaker(Protocol):
    """Makes a topic of a name of its own."""

    def __call__(self, partitions: int = 3, **config: str) -> KafkaTopic: ...


@pytest.fixture(scope="session")
def kafka_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """The broker of all tests of a session."""
    broker = KafkaBroker.made(tmp_path_factory.mktemp("kafka"), kafka_libs())
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


@pytest.fixture
def kafka(kafka_session: KafkaBroker) -> Iterator[KafkaBroker]:
    """A running broker; what a test does to it is undone."""
    kafka_session.heal()
    yield kafka_session
    kafka_session.heal()


@pytest.fixture
def new_topic(kafka: KafkaBroker) -> Iterator[NewTopicMaker]:
    """Makes topics for this test alone; they are deleted after it, so that a restart has little to recover."""
    made: list[KafkaTopic] = []

    def make(partitions: int = 3, **config: str) -> KafkaTopic:
        topic = KafkaTopic(kafka, f"t-{uuid.uuid4().hex[:12]}")
        topic.create(partitions, **config)
        made.append(topic)
        return topic

    yield make
    kafka.heal()
    for topic in made:
        if topic.name in kafka.admin.list_topics(timeout=CALL_S).topics:
            topic.delete()


@pytest.fixture
def kafka_topic(new_topic: NewTopicMaker) -> KafkaTopic:
    """A topic of three partitions for this test alone."""
    return new_topic()
