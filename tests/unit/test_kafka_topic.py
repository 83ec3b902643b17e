"""A topic whose client never finds the broker again asks with a new one."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicCollection, Uuid
from confluent_kafka.admin import TopicDescription  # type: ignore[attr-defined]  # exported without saying so

from dashstream.adapters.kafka import topic as module
from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.adapters.kafka.topic import FAILURES_OF_A_CLIENT, Topic
from dashstream.errors import LogUnavailableError, NotFoundError


class Client:
    """The part of Kafka's client that is asked; it answers what it is told to."""

    def __init__(self, error: int | None) -> None:
        self.error = error

    def describe_topics(self, topics: TopicCollection, **_: object) -> dict[str, Future[TopicDescription]]:
        (name,) = (str(topic) for topic in topics.topic_names)  # type: ignore[attr-defined]  # its stub leaves it out
        answer: Future[TopicDescription] = Future()
        if self.error is None:
            answer.set_result(TopicDescription(name, Uuid(1, 2), is_internal=False, partitions=[]))
        else:
            answer.set_exception(KafkaException(KafkaError(self.error)))
        return {name: answer}

    def poll(self, _: float) -> None: ...


class Clients:
    """Makes clients; the first one finds no broker."""

    def __init__(self) -> None:
        self.made: list[Client] = []

    def __call__(self, *_: object, **__: object) -> Client:
        self.made.append(Client(None if self.made else KafkaError._TIMED_OUT))
        return self.made[-1]


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Clients:
    made: Any = Clients()
    monkeypatch.setattr(module, "AdminClient", made)
    return made


def test_a_client_that_fails_again_and_again_is_replaced(clients: Clients) -> None:
    topic = Topic(KafkaOptions(bootstrap=("nowhere:1",)))
    for _ in range(FAILURES_OF_A_CLIENT):
        with pytest.raises(LogUnavailableError, match="cannot look at topic"):
            topic.life()
    assert topic.life().partition_count == 0
    assert len(clients.made) == 2


def test_a_client_that_is_answered_stays(clients: Clients) -> None:
    topic = Topic(KafkaOptions(bootstrap=("nowhere:1",)))
    (client,) = clients.made
    for error in (KafkaError._TIMED_OUT, None, KafkaError._TIMED_OUT, KafkaError.UNKNOWN_TOPIC_OR_PART):
        client.error = error
        for _ in range(FAILURES_OF_A_CLIENT - 1):
            if error is None:
                topic.life()
            else:
                with pytest.raises((LogUnavailableError, NotFoundError)):
                    topic.life()
    assert clients.made == [client]
