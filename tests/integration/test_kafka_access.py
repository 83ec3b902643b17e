"""A broker that wants to know who we are: every client of the log logs in, and who may not is told so."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dashstream.adapters.kafka.log import KafkaLog
from dashstream.adapters.kafka.ownership import KafkaOwnership
from dashstream.engine.commits import Commit
from dashstream.errors import LogRefusedError
from dashstream.testing.log_conformance import new_record, read_all
from parts.kafka import KafkaTopic
from parts.kafka_log import WAIT_S, Follower, opened, options_for
from parts.kafka_server import PASSWORD, USER


def login(topic: KafkaTopic, **given: Any) -> dict[str, Any]:
    return {
        "bootstrap": (topic.broker.sasl_bootstrap,),
        "security": "sasl_plaintext",
        "mechanism": "PLAIN",
        "username": USER,
        "password": PASSWORD,
        **given,
    }


async def test_every_client_logs_in(kafka_topic: KafkaTopic) -> None:
    async with opened(kafka_topic, **login(kafka_topic)) as log:
        answers = await log.append([new_record(b"%d" % index) for index in range(10)])
        tail = await Follower.at_low(log)
        await tail.until(lambda: len(tail.records) == 10)
    async with opened(kafka_topic, **login(kafka_topic)) as log:
        assert len(await read_all(log, answers[0].partition, page=3)) == 10
    member = KafkaOwnership(options_for(kafka_topic, group=kafka_topic.name, **login(kafka_topic)))
    member.start()
    try:
        async with asyncio.timeout(WAIT_S):
            while len(member.owned) != 3:
                await member.changed(member.owned)
        await member.save({0: Commit(1, 0, "epoch")})
        assert await member.load([0]) == {0: Commit(1, 0, "epoch")}
    finally:
        await member.close()


async def test_a_wrong_password_is_refused_without_showing_it(
    kafka_topic: KafkaTopic, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = "wrong-password-of-mine"
    with pytest.raises(LogRefusedError, match="authentication") as caught:
        await KafkaLog.open(options_for(kafka_topic, request_timeout_s=2.0, **login(kafka_topic, password=wrong)))
    assert wrong not in str(caught.value)
    assert wrong not in caplog.text
