"""A topic's id is told as Kafka's own tools tell it."""

from __future__ import annotations

from confluent_kafka import Uuid
from confluent_kafka.admin import TopicDescription

from dashstream.adapters.kafka.topic import epoch_of


def test_an_id_has_nothing_that_an_address_takes_apart() -> None:
    every_bit = Uuid(-(1 << 59) - 1, -1 << 58)
    assert set("+/") & set(str(every_bit))
    description = TopicDescription("topic", every_bit, False, [])
    assert epoch_of(description) == str(every_bit).replace("+", "-").replace("/", "_")
