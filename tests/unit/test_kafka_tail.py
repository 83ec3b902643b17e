"""A tail whose client has gone mute goes on with a new one, from where it had got."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from dashstream.adapters.kafka import tail as module
from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.adapters.kafka.tail import Tail, TailBatch
from dashstream.adapters.kafka.topic import Questions, TopicLife
from dashstream.errors import LogError, LogUnavailableError
from kafka_message import Message

RECORDS = 6
HEARD = 4
"""Records that come before the client goes mute."""
WAIT_S = 20.0


class Client:
    """The part of Kafka's client that a tail uses; it hands out what is below its end."""

    def __init__(self, end: int) -> None:
        self._end = end
        self._next = 0
        self.begins: list[int] = []
        self.is_closed = False

    def assign(self, places: list[TopicPartition]) -> None:
        self._next = places[0].offset
        self.begins.append(self._next)

    def consume(self, _: int, timeout_s: float) -> list[Message]:
        if self._next >= self._end:
            threading.Event().wait(timeout_s)
            return []
        self._next += 1
        return [Message(0, self._next - 1)]

    def close(self) -> None:
        self.is_closed = True


class Clients:
    """Makes clients; the first one goes mute."""

    def __init__(self) -> None:
        self.made: list[Client] = []

    def __call__(self, _: Mapping[str, object], **__: object) -> Client:
        self.made.append(Client(RECORDS if self.made else HEARD))
        return self.made[-1]


class Topic:
    """A topic that answers everything at once; the broker is well."""

    name = "topic"

    def life(self) -> TopicLife:
        return TopicLife("epoch", 1)

    def ask(self) -> Future[TopicLife]:
        return answered(self.life())

    def life_of(self, answer: Future[TopicLife]) -> TopicLife:
        return answer.result()

    def ask_ends(self, partitions: Iterable[int]) -> Questions:
        return {TopicPartition(self.name, one): answered(SimpleNamespace(offset=RECORDS)) for one in partitions}

    def ends_of(self, answers: Questions) -> dict[int, int]:
        return {at.partition: one.result().offset for at, one in answers.items()}


def answered(value: Any) -> Future[Any]:
    """Return a question whose answer is there."""
    future: Future[Any] = Future()
    future.set_result(value)
    return future


class Sink:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.offsets: list[int] = []
        self.errors: list[LogError | None] = []
        self.is_whole = threading.Event()

    def take(self, batch: TailBatch) -> None:
        self.offsets += [record.offset for run in batch.runs for record in run.records]
        if len(self.offsets) == RECORDS:
            self.is_whole.set()

    def begin(self, _: Mapping[int, int]) -> None:
        raise AssertionError("nothing is left out")

    def fail(self, error: LogError | None) -> None:
        self.errors.append(error)


def test_a_client_that_has_gone_mute_is_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clients: Any = Clients()
    topic: Any = Topic()
    monkeypatch.setattr(module, "Consumer", clients)
    options = KafkaOptions(bootstrap=("nowhere:1",), request_timeout_s=0.3, check_interval_s=0.1)
    sink = Sink()
    tail = Tail(options, topic, topic.life(), sink, lambda call, *given: call(*given), lambda: True)
    tail.start({0: 0})
    assert sink.is_whole.wait(WAIT_S)
    tail.stop()
    tail.join(WAIT_S)
    assert sink.offsets == list(range(RECORDS))
    assert [client.begins for client in clients.made] == [[0], [HEARD]]
    assert [client.is_closed for client in clients.made] == [True, True]
    failure, recovery = sink.errors
    assert isinstance(failure, LogUnavailableError)
    assert f"nothing comes after {HEARD}, and it ends at {RECORDS}" in str(failure)
    assert recovery is None
