"""A reader whose client has gone mute goes on with a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from dashstream.adapters.kafka import reader as module
from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.adapters.kafka.reader import Reader
from dashstream.errors import LogUnavailableError
from kafka_message import Message

RECORDS = 3


class Clients:
    """Makes clients; the first few of them never get an answer."""

    def __init__(self, mute: int) -> None:
        self.mute = mute
        self.made: list[Client] = []

    def __call__(self, _: Mapping[str, object], **__: object) -> Client:
        self.made.append(Client(is_mute=len(self.made) < self.mute))
        return self.made[-1]


class Client:
    """The part of Kafka's client that a reader uses; a mute one lets the time pass."""

    def __init__(self, *, is_mute: bool) -> None:
        self._is_mute = is_mute
        self._next: tuple[int, int] = (0, 0)
        self.is_closed = False

    def assign(self, places: list[TopicPartition]) -> None:
        self._next = places[0].partition, places[0].offset

    def consume(self, count: int, _: float) -> list[Message]:
        partition, offset = self._next
        if self._is_mute or offset >= RECORDS:
            return []
        self._next = partition, min(offset + count, RECORDS)
        return [Message(partition, at) for at in range(offset, self._next[1])]

    def unassign(self) -> None: ...

    def close(self) -> None:
        self.is_closed = True


async def test_a_client_that_does_not_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    clients: Any = Clients(mute=2)
    monkeypatch.setattr(module, "Consumer", clients)
    reader = Reader(KafkaOptions(bootstrap=("nowhere:1",), request_timeout_s=0.01))
    for _ in range(2):
        with pytest.raises(LogUnavailableError, match="cannot read partition 2 from 1: no answer"):
            await reader.read(2, 1, RECORDS, 100, 1_000)
    page = await reader.read(2, 1, RECORDS, 100, 1_000)
    assert [record.offset for record in page] == [1, 2]
    assert [client.is_closed for client in clients.made] == [True, True, False]
    await reader.close()
