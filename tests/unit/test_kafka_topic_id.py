"""A topic's id is told as Kafka's own tools tell it, and costs no memory for good."""

from __future__ import annotations

import ctypes

import pytest
from confluent_kafka import Uuid
from confluent_kafka.admin import TopicDescription  # type: ignore[attr-defined]  # exported without saying so

from alive import alive
from dashstream.adapters.kafka.topic_id import epoch_of, give_back


def told(surplus: int) -> TopicDescription:
    """Return a description as the client hands it out: with references to its id that nobody has."""
    description = TopicDescription("topic", Uuid(1, 2), False, [])
    for _ in range(surplus):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(description.topic_id))
    return description


def test_an_id_has_nothing_that_an_address_takes_apart() -> None:
    every_bit = Uuid(-(1 << 59) - 1, -1 << 58)
    assert set("+/") & set(str(every_bit))
    description = TopicDescription("topic", every_bit, False, [])
    assert epoch_of(description) == str(every_bit).replace("+", "-").replace("/", "_")


@pytest.mark.parametrize("surplus", [0, 1, 2])
def test_an_id_goes_with_its_description(surplus: int) -> None:
    before = alive(Uuid)
    for _ in range(100):
        description = told(surplus)
        give_back(description)
        give_back(description)  # there is nothing left to give
        assert str(description.topic_id) == str(Uuid(1, 2))
    del description
    assert alive(Uuid) == before
