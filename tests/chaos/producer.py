"""A producer process: numbers its records per thread and epoch, and brings each of them to the log, whatever happens.

Over HTTP it sends framed records to one gateway and, when that does not answer, the same body to the next one. Or it
writes to Kafka itself, and then bad records too, which a header marks for whoever reads the log. Half-way it begins a
new epoch. Its report says how many records of each thread and epoch were acknowledged.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import sys
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from confluent_kafka import Producer

from dashstream.protocol.gen import dashstream_pb2 as pb

TICK_S = 0.05
MAX_BATCH = 200
ANSWER_S = 5.0
PAUSE_S = 0.2
GIVE_UP_S = 180.0
LARGE_SHARE, LARGE_BYTES = 0.001, 60_000
BAD_HEADER = "chaos-bad"
MEDIA_TYPE = "application/vnd.dashstream.records"

_pause = threading.Event()


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


class Source:
    """Makes the records, paced by the clock: what an outage held up is made up for after it."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._chance = random.Random(f"{orders.seed}/{orders.name}")
        self._total = int(orders.rate * orders.seconds)
        self._made = 0
        self._epoch = 1
        self._began = time.monotonic()
        self.counts: Counter[tuple[int, str]] = Counter()

    @property
    def is_over(self) -> bool:
        return self._made >= self._total

    def due(self) -> list[tuple[str, bytes]]:
        """Return the next records, as thread and framed value; waits until there is one."""
        while (count := self._count_due()) <= 0:
            _pause.wait(TICK_S)
        return [self._record() for _ in range(min(count, MAX_BATCH))]

    def _count_due(self) -> int:
        return min(self._total, int((time.monotonic() - self._began) * self._orders.rate)) - self._made

    def _record(self) -> tuple[str, bytes]:
        if self._made == self._total // 2:
            self._epoch += 1
        self._made += 1
        thread = self._chance.choice(self._orders.threads)
        self.counts[self._epoch, thread] += 1
        size = LARGE_BYTES if self._chance.random() < LARGE_SHARE else self._chance.randrange(20, 300)
        header = pb.Header(
            message_id=uuid.uuid4().bytes,
            timestamp_us=time.time_ns() // 1_000,
            tenant_id="default",
            thread_id=thread,
            sequence=self.counts[self._epoch, thread],
            type=pb.MESSAGE_TYPE_EVENT,
            schema_version=1,
            run_id=f"{thread}-{self._epoch}",
            producer_id=self._orders.name,
            producer_epoch=self._epoch,
        )
        event = pb.Event(header=header, event_type=pb.EVENT_TYPE_NODE_PROGRESS)
        event.attributes["text"].string_value = "x" * size
        return thread, b"\x00" + pb.DashStreamMessage(event=event).SerializeToString()


class Ingest:
    """Sends bodies to gateways over HTTP, to another one after each failure."""

    def __init__(self, orders: Orders) -> None:
        self._token = orders.token
        self._urls = itertools.cycle(urlsplit(url) for url in orders.urls)
        self._connection: http.client.HTTPConnection | None = None
        self.retries = 0
        self.duplicates = 0

    def send(self, values: list[bytes]) -> None:
        """Return when a gateway says that the records are durable."""
        body = b"".join(len(value).to_bytes(4, "big") + value for value in values)
        deadline = time.monotonic() + GIVE_UP_S
        while not self._try(body, len(values)):
            self.retries += 1
            if time.monotonic() > deadline:
                raise SystemExit("no gateway takes the records")
            _pause.wait(PAUSE_S)

    def _try(self, body: bytes, count: int) -> bool:
        if self._connection is None:
            url = next(self._urls)
            self._connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=ANSWER_S)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": MEDIA_TYPE}
        try:
            self._connection.request("POST", "/v1/records", body, headers)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return self._turn_away()
        if answer.status in {408, 429, 503}:
            return self._turn_away()
        if answer.status != 200:
            raise SystemExit(f"{answer.status} {content!r}")
        told = json.loads(content)
        if told["rejected"] or told["accepted"] + told["duplicates"] != count:
            raise SystemExit(f"{count} records sent: {told}")
        self.duplicates += told["duplicates"]
        return True

    def _turn_away(self) -> bool:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        return False


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
    source = Source(orders)
    told: dict[str, object] = {}
    if orders.bootstrap:
        direct = Direct(orders)
        while not source.is_over:
            direct.send(source.due())
        direct.finish()
        told = {"bad": direct.bad}
    else:
        ingest = Ingest(orders)
        while not source.is_over:
            ingest.send([value for _, value in source.due()])
        told = {"retries": ingest.retries, "duplicates": ingest.duplicates}
    counts = [[epoch, thread, count] for (epoch, thread), count in sorted(source.counts.items())]
    Path(orders.report).write_text(json.dumps({"producer": orders.name, "counts": counts, **told}))


if __name__ == "__main__":
    main()
