"""Heads from a broker that answers for some partitions only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import ListOffsetsResultInfo

from dashstream.adapters.kafka.heads import KafkaHeads
from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.adapters.kafka.topic import Topic

Answer = int | KafkaError | None
"""An offset, a failure, or nothing for ever."""


class Told:
    """Answers about offsets as the test says, in the client's form."""

    def __init__(self, answers: Mapping[int, Answer]) -> None:
        self.answers = answers

    def __call__(
        self, partitions: Iterable[int], which: object
    ) -> Mapping[TopicPartition, Future[ListOffsetsResultInfo]]:
        return {TopicPartition("t", partition): self._future(self.answers[partition]) for partition in partitions}

    def _future(self, answer: Answer) -> Future[ListOffsetsResultInfo]:
        future: Future[ListOffsetsResultInfo] = Future()
        if isinstance(answer, KafkaError):
            future.set_exception(KafkaException(answer))
        elif answer is not None:
            future.set_result(ListOffsetsResultInfo(answer, 0, 0))
        return future


def heads(monkeypatch: pytest.MonkeyPatch, answers: Mapping[int, Answer]) -> KafkaHeads:
    topic = Topic(KafkaOptions(bootstrap=("127.0.0.1:1",), topic="t"))
    monkeypatch.setattr(topic, "_list", Told(answers))
    return KafkaHeads(topic, lambda: len(answers), budget_s=0.05)


async def test_a_partition_that_hangs_or_fails_costs_no_other_its_head(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    assert await heads(monkeypatch, {0: 7, 1: None, 2: 9}).highs() == {0: 7, 2: 9}
    assert await heads(monkeypatch, {0: 7, 1: refused, 2: 9}).highs() == {0: 7, 2: 9}


async def test_where_nothing_came_since_a_time_the_high_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = heads(monkeypatch, {0: 4, 1: -1, 2: None})
    assert await asked.offsets_at({0: 7, 1: 8, 2: 9}, 1_000) == {0: 4, 1: 8}
