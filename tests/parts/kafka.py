"""A real Apache Kafka for whoever needs one: a single node in KRaft mode, on loopback, on ports of its own.

One broker serves the whole session; every test has topics of its own. A test that kills, stops or restarts the broker
leaves it running for the next one: the fixture sees to that.
"""

from __future__ import annotations

import signal
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Protocol

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic, OffsetSpec

from parts.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
USER, PASSWORD = "tester", "not-a-secret"
"""Whom the listener with SASL lets in."""

START_S = 60.0
STOP_S = 20.0
CALL_S = 20.0
CLUSTER = "RGFzaFN0cmVhbS10ZXN0cw"
"""Sixteen bytes in the alphabet of ids; one made at random may begin with a dash and look like an option."""
# Made for a quick start and a small footprint: no second compiler, one collector thread.
JVM = ("-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
LOG4J = """\
log4j.rootLogger=WARN, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d %p %c: %m%n
"""
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},SASL://127.0.0.1:{sasl_port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL://127.0.0.1:{sasl_port}
sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  user_{user}="{password}";
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={directory}/data
auto.create.topics.enable=false
num.partitions=1
num.network.threads=2
num.io.threads=2
background.threads=2
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.ms=-1
log.segment.delete.delay.ms=100
log.cleaner.backoff.ms=200
controlled.shutdown.enable=false
broker.heartbeat.interval.ms=200
broker.session.timeout.ms=1000
"""


@dataclass
class KafkaBroker:
    """A broker that can be killed, frozen and started again on the same ports and data."""

    directory: Path
    libs: Path
    port: int
    controller_port: int
    sasl_port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    is_stopped: bool = False

    @property
    def bootstrap(self) -> str:
        """Where clients find it."""
        return f"127.0.0.1:{self.port}"

    @property
    def sasl_bootstrap(self) -> str:
        """Where clients that log in find it."""
        return f"127.0.0.1:{self.sasl_port}"

    @classmethod
    def made(cls, directory: Path, libs: Path) -> KafkaBroker:
        """Return a broker with an empty data directory, not yet started."""
        port, controller_port, sasl_port = free_ports(3)
        broker = cls(directory, libs, port, controller_port, sasl_port)
        (directory / "log4j.properties").write_text(LOG4J)
        (directory / "server.properties").write_text(
            PROPERTIES.format(
                port=port,
                controller_port=controller_port,
                sasl_port=sasl_port,
                directory=directory,
                user=USER,
                password=PASSWORD,
            )
        )
        config = str(directory / "server.properties")
        subprocess.run(
            broker._java("kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER, "--config", config),
            check=True,
            capture_output=True,
        )
        return broker

    def start(self) -> None:
        """Start it; returns when it answers."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start its process; it answers some seconds later."""
        with (self.directory / "broker.log").open("ab") as output:
            self.process = subprocess.Popen(
                self._java("kafka.Kafka", str(self.directory / "server.properties")), stdout=output, stderr=output
            )

    def wait_until_ready(self) -> None:
        """Return when the broker answers."""
        assert self.process
        try:
            self.admin.list_topics(timeout=START_S)
        except KafkaException:
            raise AssertionError((self.directory / "broker.log").read_text()) from None
        assert self.process.poll() is None

    def kill(self) -> None:
        """Kill -9; nothing happens if it does not run."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """Freeze it: connections stay open and nothing answers."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)
        self.is_stopped = True

    def go_on(self) -> None:
        """Undo ``stop``."""
        assert self.process
        self.process.send_signal(signal.SIGCONT)
        self.is_stopped = False

    def heal(self) -> None:
        """Let it run and answer, whatever was done to it."""
        assert self.process
        if self.is_stopped:
            self.go_on()
        if self.process.poll() is not None:
            self.start()

    @cached_property
    def admin(self) -> AdminClient:
        """A client for administration that reconnects quickly and keeps quiet."""
        return AdminClient(
            {
                "bootstrap.servers": self.bootstrap,
                "reconnect.backoff.ms": 50,
                "reconnect.backoff.max.ms": 200,
                "log_level": 0,
            }
        )

    def attempts(self) -> Iterator[None]:
        """Yield again and again, at a bearable pace, for as long as one call may take."""
        deadline = monotonic() + CALL_S
        while monotonic() < deadline:
            yield
            self.admin.poll(0.02)

    def _java(self, main: str, *arguments: str) -> list[str]:
        log4j = f"-Dlog4j.configuration=file:{self.directory / 'log4j.properties'}"
        return ["java", *JVM, log4j, "-cp", f"{self.libs}/*", main, *arguments]


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
    found = subprocess.run([ROOT / "scripts" / "kafka"], check=False, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    broker = KafkaBroker.made(tmp_path_factory.mktemp("kafka"), Path(found.stdout.strip()))
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
