"""A fleet for one test: a topic with its dead letters, gateways on it, and what the test asks all of them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.request import Request, urlopen

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, Producer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from conftest import DASHSTREAM, GatewayProcess
from dashstream.adapters.websocket.client import Delivered, Missing, Subscriber
from dashstream.engine.dead_letter import DeadLetter, decode
from duty_rig import MAX_RECORD, key_for
from parts.kafka import KafkaTopic

TOKEN = "token-of-the-fleet"
DEADLINE_S = 45.0
PACE_S = 0.02
"""Between two questions to another process, which can only be asked again."""
FAULTY_HEADS = (sys.executable, str(Path(__file__).parent / "programs" / "faulty_heads.py"))
QUICK = {
    "DASHSTREAM_KAFKA_CHECK_INTERVAL_S": "0.5",
    "DASHSTREAM_KAFKA_SESSION_TIMEOUT_S": "6",
    "DASHSTREAM_DUTIES_COMMIT_INTERVAL_S": "0.05",
    "DASHSTREAM_GATEWAY_DRAIN_S": "1",
    "DASHSTREAM_INGEST_MAX_RECORD_BYTES": str(MAX_RECORD),
}


class Series(dict[str, float]):
    """An exposition: ``name{label="value"}`` to value. What is not exported is None."""

    @classmethod
    def parsed(cls, text: str) -> Series:
        """Read an exposition strictly."""
        found = cls()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
                found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
        return found

    def __missing__(self, name: str) -> None:
        return None

    def by(self, name: str, label: str) -> dict[str, int]:
        """Return a family's series that are not 0, by their one label."""
        start = f'{name}{{{label}="'
        return {key[len(start) : -2]: int(value) for key, value in self.items() if key.startswith(start) and value}

    @property
    def outcomes(self) -> dict[str, int]:
        return self.by("dashstream_duties_records_total", "outcome")

    @property
    def catching_up(self) -> dict[str, int]:
        """The flag of each partition, 0 included."""
        start = 'dashstream_partition_catching_up{partition="'
        return {key[len(start) : -2]: int(value) for key, value in self.items() if key.startswith(start)}


class FleetGateway(GatewayProcess):
    """One gateway of the fleet, and questions to it."""

    async def get(self, path: str) -> Any:
        """Return an answer of the API."""
        return json.loads(await asyncio.to_thread(self._ask, path))

    async def post(self, path: str) -> Any:
        """Have the API do something; returns its answer."""
        return json.loads(await asyncio.to_thread(self._ask, path, "POST"))

    async def metrics(self) -> Series:
        return Series.parsed((await asyncio.to_thread(self._ask, "/metrics")).decode())

    async def until_metrics(self, condition: Callable[[Series], bool], what: str) -> Series:
        """Return the metrics once a condition holds."""
        end = monotonic() + DEADLINE_S
        while True:
            try:
                seen = await self.metrics()
            except OSError:  # it is starting again
                seen = None
            if seen is not None and condition(seen):
                return seen
            assert monotonic() < end, f"not in time: {what}; {seen and seen.outcomes}\n{self.log[-3000:]}"
            await asyncio.sleep(PACE_S)

    async def until_outcomes(self, **outcomes: int) -> Series:
        """Return the metrics once these are the outcomes that are not 0."""
        return await self.until_metrics(lambda seen: seen.outcomes == outcomes, f"outcomes {outcomes}")

    async def partitions(self) -> dict[int, Any]:
        return {row["partition"]: row for row in (await self.get("/api/v1/partitions"))["partitions"]}

    async def until_health(self, *checks: str) -> list[Any]:
        """Return the reasons of health once they are of these checks, and no others."""
        end = monotonic() + DEADLINE_S
        while True:
            health = await self.get("/api/v1/health")
            if {reason["check"] for reason in health["reasons"]} == set(checks):
                assert (health["level"] == "ok") is not bool(checks)
                return list(health["reasons"])
            assert monotonic() < end, f"health is not of {checks}: {health}"
            await asyncio.sleep(PACE_S)

    async def cli(self, *words: str, code: int = 0) -> Any:
        """Run a command of the CLI against this gateway; returns what it says in JSON."""
        process = await asyncio.create_subprocess_exec(
            *(str(DASHSTREAM), *words, "--url", self.url, "--token", self.token, "--json"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), DEADLINE_S)
        assert process.returncode == code, (words, out, err)
        return json.loads(out) if code == 0 else err.decode()

    def subscriber(self, **given: Any) -> Subscriber:
        return Subscriber(self.ws_url, self.token, **given)

    @property
    def log(self) -> str:
        """What it logged."""
        return (self.data_dir.parent / "gateway.log").read_text()

    async def until_event(self, name: str, count: int = 1) -> None:
        """Return once there are so many events of a name in its log."""
        end = monotonic() + DEADLINE_S
        while len(self.events(name)) < count:
            assert monotonic() < end, f"no event {name!r}:\n{self.log[-3000:]}"
            await asyncio.sleep(PACE_S)

    def events(self, name: str) -> list[Any]:
        """Return the events of a name in its log."""
        return [event for line in self.log.splitlines() if (event := json.loads(line))["event"] == name]

    def _ask(self, path: str, method: str = "GET") -> bytes:
        request = Request(self.url + path, method=method, headers={"Authorization": f"Bearer {self.token}"})
        with urlopen(request, timeout=DEADLINE_S) as answer:
            body: bytes = answer.read()
            return body


@dataclass
class Fleet:
    """What a test has: topics of its own, a group of its own, and the gateways that it starts."""

    records: KafkaTopic
    letters: KafkaTopic
    partitions: int
    directory: Path
    gateways: list[FleetGateway] = field(default_factory=list)

    async def gateway(self, *, command: tuple[str, ...] | None = None, **env: str) -> FleetGateway:
        """Start one more gateway; ``env`` has settings without their prefix, or faults."""
        place = self.directory / f"g{len(self.gateways)}"
        place.mkdir()
        added = FleetGateway(place / "data", env={**self._env(), **_named(env)})
        if command is not None:
            added.command = command
        self.gateways.append(added)
        await added.start()
        return added

    async def start_in_vain(self, **env: str) -> str:
        """Start a gateway that cannot start; returns what it says in the end."""
        process = await asyncio.create_subprocess_exec(
            *(str(DASHSTREAM), "serve", "--port", "0", "--data-dir", str(self.directory / "vain")),
            env={**os.environ, **self._env(), **_named(env)},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await asyncio.wait_for(process.communicate(), DEADLINE_S)
        assert process.returncode == 1, said
        return said.decode()

    async def end(self) -> None:
        """Stop the gateways that still run."""
        for each in self.gateways:
            if each.process is not None and each.process.returncode is None:
                each.process.send_signal(signal.SIGCONT)
                await each.stop()

    async def produce(self, partition: int, *values: bytes | None, timestamp_ms: int = 0) -> None:
        """Write raw values to one partition; returns when they are durable."""
        await asyncio.to_thread(self._produce, partition, values, timestamp_ms)

    async def commits(self) -> dict[int, int]:
        """Return what the group has committed, as the broker tells it."""
        return await asyncio.to_thread(self._commits)

    async def until_committed(self, *expected: int) -> None:
        """Wait until these are the commits, from partition 0 on."""
        wanted = dict(enumerate(expected))
        end = monotonic() + DEADLINE_S
        while (found := await self.commits()) != wanted:
            assert monotonic() < end, f"committed is {found}, not {wanted}"
            await asyncio.sleep(PACE_S)

    async def dead_letters(self) -> list[DeadLetter]:
        """Return every record of the topic of dead letters, in order, copies included."""
        return [decode(value) for value in await asyncio.to_thread(self._values, self.letters)]

    async def until_letters(self, *places: tuple[int, int]) -> list[DeadLetter]:
        """Return the dead letters once there is exactly one about each of these places, and no other."""
        end = monotonic() + DEADLINE_S
        while places_of(letters := await self.dead_letters()) != Counter(places):
            assert monotonic() < end, f"dead letters are about {places_of(letters)}"
            await asyncio.sleep(PACE_S)
        return letters

    async def raw_letters(self) -> bytes:
        """Return all bytes of the topic of dead letters."""
        return b"\n".join(await asyncio.to_thread(self._values, self.letters))

    def _env(self) -> Mapping[str, str]:
        return {
            **QUICK,
            "DASHSTREAM_KAFKA_BOOTSTRAP": self.records.broker.bootstrap,
            "DASHSTREAM_KAFKA_TOPIC": self.records.name,
            "DASHSTREAM_KAFKA_GROUP": self.records.name,
            "DASHSTREAM_GATEWAY_TOKEN": TOKEN,
        }

    def _produce(self, partition: int, values: tuple[bytes | None, ...], timestamp_ms: int) -> None:
        producer = Producer(
            {"bootstrap.servers": self.records.broker.bootstrap, "message.max.bytes": 20_000_000, "linger.ms": 5}
        )
        failures: list[KafkaError] = []
        key = key_for(partition, self.partitions)
        for value in values:
            producer.produce(
                self.records.name,
                value,
                key,
                partition,
                on_delivery=lambda error, _: failures.append(error) if error else None,
                timestamp=timestamp_ms,
            )
        assert producer.flush(DEADLINE_S) == 0
        assert not failures, failures

    def _commits(self) -> dict[int, int]:
        places = [TopicPartition(self.records.name, partition) for partition in range(self.partitions)]
        wanted = [ConsumerGroupTopicPartitions(self.records.name, places)]
        (answer,) = self.records.broker.admin.list_consumer_group_offsets(wanted).values()
        return {
            place.partition: place.offset for place in answer.result(DEADLINE_S).topic_partitions if place.offset >= 0
        }

    def _values(self, topic: KafkaTopic) -> list[bytes]:
        """Read a topic of one partition from its begin to its end as of now."""
        consumer = Consumer(
            {"bootstrap.servers": topic.broker.bootstrap, "group.id": "none", "enable.partition.eof": True}
        )
        found: list[bytes] = []
        try:
            consumer.assign([TopicPartition(topic.name, 0, 0)])
            while True:
                message = consumer.poll(DEADLINE_S)
                assert message is not None
                if message.error() is None:
                    found.append(message.value() or b"")
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    return found
        finally:
            consumer.close()


@dataclass
class Journal:
    """What a subscriber got, kept up in the background."""

    delivered: list[Delivered] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self, subscriber: Subscriber) -> None:
        """Write down everything until cancelled."""
        async for item in subscriber:
            self.delivered.append(item) if isinstance(item, Delivered) else self.missing.append(item)
            self.news.set()

    async def until(self, condition: Callable[[Journal], bool]) -> None:
        """Return once a condition holds."""
        async with asyncio.timeout(DEADLINE_S):
            while not condition(self):
                self.news.clear()
                await self.news.wait()

    @property
    def offsets(self) -> dict[int, list[int]]:
        """Offsets by partition, in order of arrival."""
        found: dict[int, list[int]] = {}
        for item in self.delivered:
            found.setdefault(item.partition, []).append(item.offset)
        return found


@asynccontextmanager
async def following(gateway: FleetGateway) -> AsyncIterator[Journal]:
    """Follow a gateway's stream from the earliest record, for as long as the block lasts."""
    kept = Journal()
    task = asyncio.create_task(kept.keep(gateway.subscriber()))
    try:
        yield kept
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def places_of(letters: list[DeadLetter]) -> Counter[tuple[int, int]]:
    """Return how many letters there are about each partition and offset."""
    return Counter((letter.partition, int(letter.offset)) for letter in letters)


def _named(env: Mapping[str, str]) -> dict[str, str]:
    return {name if name.startswith("FAULT_") else f"DASHSTREAM_{name}": value for name, value in env.items()}
