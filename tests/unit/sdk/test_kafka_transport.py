"""What becomes of a batch on its way to Kafka, under a clock and a client that only the test moves."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.engine.ports import partition_of
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import encode
from dashstream.sdk.kafka_transport import ABORTED_S, ASK_S, KafkaTransport
from dashstream.sdk.settings import SdkSettings
from dashstream.sdk.transport import Verdict

TIMEOUT_S = 3.0
OPTIONS = KafkaOptions(bootstrap=("broker:9092",), topic="runs")
TOO_LARGE = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE, "too large")
GONE = KafkaError(KafkaError._TRANSPORT, "no broker")
DOWN = KafkaError(KafkaError._ALL_BROKERS_DOWN, "all down")
Report = Callable[[KafkaError | None, Any], None]


@dataclass
class Client:
    """A client of librdkafka as it is seen from outside: it holds records until it can tell of them."""

    world: World
    config: dict[str, Any]
    held: deque[tuple[bytes, Report]] = field(default_factory=deque)
    is_purged: bool = False
    polls: int = 0

    def produce(self, topic: str, value: bytes, key: bytes, partition: int, *, on_delivery: Report) -> None:
        assert topic == "runs"
        if self.world.refusals:
            raise self.world.refusals.popleft()
        self.world.produced.append((value, key, partition))
        self.held.append((value, on_delivery))

    def poll(self, timeout: float) -> int:
        self.polls += 1
        while self.world.news:
            self.config["error_cb"](self.world.news.popleft())
        count = 0
        while self.held and (self.is_purged or self.world.is_answering):
            value, report = self.held.popleft()
            failure = KafkaError(KafkaError._PURGE_QUEUE) if self.is_purged else self.world.errors.get(value)
            if failure is None:
                self.world.topic.append(value)
            report(failure, None)
            count += 1
        if not count:
            self.world.pass_time(timeout)
        return count

    def flush(self, timeout: float) -> int:
        assert self.is_purged
        self.poll(0)
        return len(self.held)

    def purge(self) -> None:
        self.is_purged = True

    def list_topics(self, topic: str, timeout: float) -> Any:
        self.world.questions += 1
        if not self.world.is_answering:
            self.world.pass_time(timeout)
            raise KafkaException(GONE)
        partitions = dict.fromkeys(range(self.world.partitions))
        return SimpleNamespace(topics={topic: SimpleNamespace(error=self.world.topic_error, partitions=partitions)})


@dataclass
class World:
    """Broker, clients and clock of one test."""

    now: float = 1_000.0
    is_answering: bool = True
    partitions: int = 3
    topic_error: KafkaError | None = None
    errors: dict[bytes, KafkaError] = field(default_factory=dict)
    refusals: deque[Exception] = field(default_factory=deque)
    news: deque[KafkaError] = field(default_factory=deque)
    produced: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    topic: list[bytes] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    questions: int = 0
    while_waiting: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.transport = KafkaTransport(
            OPTIONS,
            SdkSettings(),
            client_factory=self.connect,
            clock=lambda: self.now,  # type: ignore[arg-type]  # a fake
        )

    def connect(self, config: dict[str, object]) -> Client:
        self.clients.append(Client(self, config))
        return self.clients[-1]

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.while_waiting()

    def send(self, *values: bytes) -> tuple[Verdict, tuple[int, ...]]:
        outcome = self.transport.send(values, TIMEOUT_S)
        assert outcome.reason or outcome.verdict is Verdict.DELIVERED
        return outcome.verdict, outcome.rejected


@pytest.fixture
def world() -> World:
    return World()


def record(sequence: int, thread: str = "t") -> bytes:
    message = pb.DashStreamMessage()
    message.event.header.thread_id = thread
    message.event.header.sequence = sequence
    return encode(message)


ONE, TWO, THREE = record(1), record(2), record(3)
DELIVERED = (Verdict.DELIVERED, ())
RETRY = (Verdict.RETRY, ())
ABSENT = (Verdict.ABSENT, ())


def test_a_batch_is_delivered_by_thread_when_all_of_it_is_confirmed(world: World) -> None:
    values = [record(number, f"thread {number}") for number in range(9)]
    assert world.send(*values) == DELIVERED
    keys = [f"thread {number}".encode() for number in range(9)]
    assert world.produced == [(value, key, partition_of(key, 3)) for value, key in zip(values, keys, strict=True)]
    assert world.send(record(10)) == DELIVERED
    assert (world.questions, len(world.clients)) == (1, 1)


def test_what_can_never_be_written_is_rejected_by_its_index(world: World) -> None:
    world.errors[TWO] = TOO_LARGE
    assert world.send(ONE, TWO, b"no frame", THREE) == (Verdict.DELIVERED, (1, 2))
    assert world.topic == [ONE, THREE]
    world.refusals.append(KafkaException(TOO_LARGE))
    assert world.send(record(4)) == (Verdict.DELIVERED, (0,))


def test_nothing_is_handed_over_while_no_broker_answers(world: World) -> None:
    world.is_answering = False
    assert world.send(ONE) == ABSENT
    assert world.now == pytest.approx(1_000 + ASK_S)
    assert world.produced == []
    world.is_answering = True
    assert world.send(ONE) == DELIVERED


def test_brokers_that_refuse_connections_are_not_waited_for(world: World) -> None:
    world.is_answering = False
    world.while_waiting = lambda: world.news.append(DOWN)
    assert world.send(ONE) == ABSENT
    assert world.now < 1_000.2


def test_a_repeat_waits_for_what_the_client_still_holds_and_adds_the_rest(world: World) -> None:
    assert world.send(ONE) == DELIVERED
    world.is_answering = False
    assert world.send(TWO) == RETRY
    assert world.now == pytest.approx(1_000 + TIMEOUT_S, abs=0.06)
    assert world.send(TWO, THREE) == RETRY, "the fate of one is not known"
    world.is_answering = True
    assert world.send(TWO, THREE) == DELIVERED
    assert world.topic == [ONE, TWO, THREE]
    assert len(world.clients) == 1


def test_a_broker_lost_on_the_way_ends_the_wait(world: World) -> None:
    assert world.send(ONE) == DELIVERED
    world.is_answering = False
    world.while_waiting = lambda: world.news.append(DOWN)
    assert world.send(TWO) == RETRY
    assert world.now < 1_000.2


def test_after_a_failure_nothing_overtakes_and_what_was_confirmed_is_not_written_again(world: World) -> None:
    world.errors[TWO] = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "no")
    world.errors[THREE] = KafkaError(KafkaError._PURGE_QUEUE)
    assert world.send(ONE, TWO, THREE) == RETRY
    assert world.clients[0].is_purged
    world.errors.clear()
    assert world.send(ONE, TWO, THREE) == DELIVERED
    assert world.topic == [ONE, TWO, THREE]
    assert len(world.clients) == 2


def test_a_client_that_cannot_go_on_is_replaced(world: World) -> None:
    world.refusals.append(KafkaException(KafkaError(KafkaError._FATAL, "over", fatal=True)))
    assert world.send(ONE) == ABSENT
    assert world.clients[0].is_purged
    assert world.send(ONE) == DELIVERED
    assert len(world.clients) == 2


def test_a_client_that_cannot_be_made_leaves_the_program_alone() -> None:
    def refuse(_: object) -> Any:
        raise KafkaException(KafkaError(KafkaError._INVALID_ARG, "no such file"))

    transport = KafkaTransport(OPTIONS, SdkSettings(), client_factory=refuse)
    outcome = transport.send([ONE], TIMEOUT_S)
    assert outcome.verdict is Verdict.ABSENT
    assert "no such file" in outcome.reason
    transport.tend()
    transport.close()


def test_a_full_client_is_given_time_and_then_the_rest_is_kept_back(world: World) -> None:
    world.refusals.extend([BufferError(), BufferError()])
    assert world.send(ONE, TWO) == DELIVERED
    world.refusals.extend(BufferError() for _ in range(1_000))
    assert world.send(THREE) == ABSENT
    world.refusals.clear()
    assert world.send(THREE) == DELIVERED


def test_an_abort_ends_the_wait_at_once_and_shortens_those_after_it(world: World) -> None:
    assert world.send(ONE) == DELIVERED
    world.is_answering = False
    world.while_waiting = world.transport.abort
    assert world.send(TWO) == RETRY
    assert world.now < 1_000.1
    world.while_waiting = lambda: None
    before = world.now
    assert world.send(TWO) == RETRY
    assert world.now - before < ABORTED_S + 0.1
    world.is_answering = True
    assert world.send(TWO, THREE) == DELIVERED, "a broker that answers still takes more"


def test_a_topic_that_is_not_there_is_said_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.partitions = 0
    world.topic_error = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, "no such topic")
    assert [world.send(ONE), world.send(ONE)] == [ABSENT, ABSENT]
    (said,) = caplog.messages
    assert "'runs'" in said


def test_new_partitions_are_heard_of(world: World) -> None:
    assert world.send(ONE) == DELIVERED
    world.partitions = 64
    world.now += OPTIONS.check_interval_s
    assert world.send(TWO) == DELIVERED
    assert [partition for _, _, partition in world.produced] == [partition_of(b"t", 3), partition_of(b"t", 64)]


def test_what_was_given_up_is_not_remembered_for_ever(world: World) -> None:
    assert world.send(record(0)) == DELIVERED
    world.is_answering = False
    for number in range(1, 50):
        assert world.send(record(number))[0] is not Verdict.DELIVERED
    world.is_answering = True
    assert world.send(record(100)) == DELIVERED
    world.transport.tend()
    assert world.send(record(101)) == DELIVERED
    assert world.transport._confirmed == {}


def test_the_client_is_bounded_idempotent_and_silent(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.send(ONE)
    config = world.clients[0].config
    assert config["enable.idempotence"]
    assert config["acks"] == "all"
    assert config["queue.buffering.max.kbytes"] <= 8 * 1024
    assert config["queue.buffering.max.messages"] <= 100_000
    world.news.append(KafkaError(KafkaError._TIMED_OUT, "slow"))
    world.transport.tend()
    assert world.news == deque()
    assert [one for one in caplog.records if one.levelno > logging.DEBUG] == []


def test_a_child_leaves_the_clients_of_its_parent_alone(world: World) -> None:
    world.send(ONE)
    polls = world.clients[0].polls
    world.transport.forget()
    assert (world.clients[0].is_purged, world.clients[0].polls) == (False, polls)


def test_what_a_closed_transport_holds_is_dropped(world: World) -> None:
    world.send(ONE)
    world.transport.close()
    assert world.clients[0].is_purged
    world.transport.close()
