"""A producer process: numbers its records per thread and epoch, and brings each of them to the log, whatever happens.

Over HTTP it sends framed records to one gateway and, when that does not answer, the same body to the next one. Or it
writes to Kafka itself, and then bad records too, which a header marks for whoever reads the log. Half-way it begins a
new epoch. Its report says how many records of each thread and epoch were acknowledged.
"""

from __future__ import annotations

import json
import random
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Producer

from dashstream.bench.producer import GIVE_UP_S, Ingest, Source

BAD_HEADER = "chaos-bad"
LARGE_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class Orders:
    """What a producer is told."""

    name: str
    seed: int
    rate: float
    seconds: float
    threads: list[str]
    urls: list[str]
    token: str
    report: str
    bootstrap: str = ""
    topic: str = ""
    bad_rate: float = 0.0


class Direct:
    """Writes to Kafka, and bad records now and then."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._chance = random.Random(f"{orders.seed}/bad")
        self._share = orders.bad_rate / orders.rate
        self.bad = 0
        self.failed: list[str] = []
        self._client = Producer(
            {
                "bootstrap.servers": orders.bootstrap,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "consistent",
                "delivery.timeout.ms": int(GIVE_UP_S * 1000),
                "linger.ms": 5,
                "reconnect.backoff.max.ms": 500,
                "log_level": 0,
            }
        )

    def send(self, records: list[tuple[str, bytes]]) -> None:
        """Hand records to the client, which sends them again until they are durable."""
        for thread, value in records:
            self._produce(thread, value)
            if self._chance.random() < self._share:
                self.bad += 1
                self._produce(thread, self._bad_value(), [(BAD_HEADER, b"1")])
        self._client.poll(0)

    def finish(self) -> None:
        """Return when every record is durable."""
        self._client.flush(GIVE_UP_S)
        if self.failed or len(self._client):
            raise SystemExit(f"not written: {len(self._client)} records, {self.failed[:3]}")

    def _produce(self, thread: str, value: bytes | None, headers: list[tuple[str, bytes]] | None = None) -> None:
        self._client.produce(self._orders.topic, value, thread, headers=headers or [], on_delivery=self._report)

    def _report(self, error: object, _: object) -> None:
        if error is not None:
            self.failed.append(str(error))

    def _bad_value(self) -> bytes | None:
        """Return something new: no value, a frame that nobody knows, or a message that is cut."""
        mark = uuid.uuid4().bytes
        return self._chance.choice([None, b"\x7f" + mark, b"\x00\x0a\xff\x01" + mark, b"\x01" + mark])


def main() -> None:
    """Produce as ordered, then report."""
    orders = Orders(**json.loads(sys.argv[1]))
    source = Source(
        orders.name,
        orders.threads,
        records=int(orders.rate * orders.seconds),
        rate=orders.rate,
        chance=random.Random(f"{orders.seed}/{orders.name}"),
        large_share=LARGE_SHARE,
    )
    told: dict[str, object] = {}
    if orders.bootstrap:
        direct = Direct(orders)
        while not source.is_over:
            direct.send([(made.identity.thread, made.value) for made in source.due()])
        direct.finish()
        told = {"bad": direct.bad}
    else:
        ingest = Ingest(orders.urls, orders.token)
        while not source.is_over:
            ingest.send([made.value for made in source.due()])
        told = {"retries": ingest.retries, "duplicates": ingest.duplicates}
    counts = [[epoch, thread, count] for (epoch, thread), count in sorted(source.counts.items())]
    Path(orders.report).write_text(json.dumps({"producer": orders.name, "counts": counts, **told}))


if __name__ == "__main__":
    main()
