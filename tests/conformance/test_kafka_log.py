"""The Kafka log under the suite that every log runs, on a real broker."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from dashstream.adapters.kafka.log import KafkaLog
from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.engine.ports import Log
from dashstream.testing.log_conformance import LogConformance
from parts.kafka import KafkaTopic


class TestKafkaLog(LogConformance):
    atomic = False

    @pytest.fixture
    async def log(self, kafka_topic: KafkaTopic) -> AsyncIterator[Log]:
        log = await KafkaLog.open(KafkaOptions(bootstrap=(kafka_topic.broker.bootstrap,), topic=kafka_topic.name))
        yield log
        await log.close()
