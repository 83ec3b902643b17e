"""A producer that numbers its records per thread and epoch and brings each of them to a log, whatever happens.

Over HTTP it sends framed records to one gateway and, when that does not answer, the same body to the next one.
Half-way it begins a new epoch, as a program that starts again does.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from dashstream.bench.facts import Identity
from dashstream.errors import GatewayUnreachableError, ProtocolError
from dashstream.protocol.gen import dashstream_pb2 as pb

TICK_S = 0.02
MAX_BATCH = 200
ANSWER_S = 5.0
PAUSE_S = 0.2
GIVE_UP_S = 180.0
SMALL_BYTES, LARGE_BYTES = (20, 300), 60_000
MEDIA_TYPE = "application/vnd.dashstream.records"
LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}

_pause = threading.Event()


class Made(NamedTuple):
    """A record: who counted it, its framed value, and when it was made, in seconds since 1970."""

    identity: Identity
    value: bytes
    at_s: float


class Source:
    """Makes ``records`` of a producer, paced by the clock: what an outage held up is made up for after it."""

    def __init__(
        self,
        name: str,
        threads: Sequence[str],
        *,
        records: int,
        rate: float,
        chance: random.Random,
        large_share: float = 0.0,
    ) -> None:
        self._name = name
        self._threads = threads
        self._total = records
        self._rate = rate
        self._chance = chance
        self._large_share = large_share
        self._made = 0
        self._epoch = 1
        self._began = time.monotonic()
        self.counts: Counter[tuple[int, str]] = Counter()

    @property
    def is_over(self) -> bool:
        """Whether all were made."""
        return self._made >= self._total

    def due(self) -> list[Made]:
        """Return the next records; waits until there is one."""
        while (count := self._count_due()) <= 0:
            _pause.wait(TICK_S)
        return [self._record() for _ in range(min(count, MAX_BATCH))]

    def _count_due(self) -> int:
        return min(self._total, int((time.monotonic() - self._began) * self._rate)) - self._made

    def _record(self) -> Made:
        if self._made == self._total // 2:
            self._epoch += 1
        self._made += 1
        thread = self._chance.choice(self._threads)
        self.counts[self._epoch, thread] += 1
        is_large = self._chance.random() < self._large_share
        size = LARGE_BYTES if is_large else self._chance.randrange(*SMALL_BYTES)
        now_s = time.time()
        header = pb.Header(
            message_id=uuid.uuid4().bytes,
            timestamp_us=int(now_s * 1e6),
            tenant_id="default",
            thread_id=thread,
            sequence=self.counts[self._epoch, thread],
            type=pb.MESSAGE_TYPE_EVENT,
            schema_version=1,
            run_id=f"{thread}-{self._epoch}",
            producer_id=self._name,
            producer_epoch=self._epoch,
        )
        event = pb.Event(header=header, event_type=pb.EVENT_TYPE_NODE_PROGRESS)
        event.attributes["text"].string_value = "x" * size
        value = b"\x00" + pb.DashStreamMessage(event=event).SerializeToString()
        return Made(Identity(self._name, self._epoch, thread, header.sequence), value, now_s)


class Ingest:
    """Sends bodies to gateways over HTTP, to another one after each failure."""

    def __init__(self, urls: Sequence[str], token: str) -> None:
        self._token = token
        self._urls = itertools.cycle(urlsplit(url) for url in urls)
        self._connection: http.client.HTTPConnection | None = None
        self._path = ""
        self.retries = 0
        self.duplicates = 0

    def send(self, values: Sequence[bytes]) -> None:
        """Return when a gateway says that the records are durable.

        Raises:
            GatewayUnreachableError: none does for three minutes.
            ProtocolError: one refuses them.
        """
        body = b"".join(len(value).to_bytes(4, "big") + value for value in values)
        deadline = time.monotonic() + GIVE_UP_S
        while not self._try(body, len(values)):
            self.retries += 1
            if time.monotonic() > deadline:
                raise GatewayUnreachableError("no gateway takes the records")
            _pause.wait(PAUSE_S)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _try(self, body: bytes, count: int) -> bool:
        if self._connection is None:
            url = next(self._urls)
            self._connection, self._path = _connection(url), url.path.rstrip("/")
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": MEDIA_TYPE}
        try:
            self._connection.request("POST", f"{self._path}/v1/records", body, headers)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return False
        if answer.status in LATER:
            self.close()
            return False
        if answer.status != HTTPStatus.OK:
            raise ProtocolError("refused", f"HTTP status {answer.status}: {content!r}")
        told = json.loads(content)
        if told["rejected"] or told["accepted"] + told["duplicates"] != count:
            raise ProtocolError("refused", f"{count} records sent: {told}")
        self.duplicates += told["duplicates"]
        return True


def _connection(url: SplitResult) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(url.hostname or "", url.port, timeout=ANSWER_S)
