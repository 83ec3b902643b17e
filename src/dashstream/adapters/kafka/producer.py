"""The producer: writes records to given partitions and says of each what became of it.

It is idempotent and waits for all replicas: what the client sends again after a broker's silence is written once. One
thread writes, one group of records at a time; the group ends when the client has reported on every record, which it
does within the delivery timeout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import cast

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from dashstream.adapters.kafka.errors import FATAL, MISSING, error_of, translated
from dashstream.adapters.kafka.options import MIB, KafkaOptions, client_config, client_log
from dashstream.engine.ports import NewRecord
from dashstream.errors import LogError, LogUnavailableError

Report = Callable[[KafkaError | None, Message], None]

POLL_S = 0.1
LINGER_MS = 1
"""Time for the rest of a group to join the first record's request."""

MAX_MESSAGE_BYTES = 64 * MIB
"""Above what any topic takes: the broker decides where we may not know its limit."""

BATCH_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Placed:
    """A record and the partition to write it to."""

    record: NewRecord
    partition: int


class _Reports:
    """What became of each record of a group, as far as the client has told."""

    def __init__(self, count: int, doing: str) -> None:
        self._doing = doing
        self.outcomes: list[int | LogError | None] = [None] * count
        self.waiting = count
        self.is_broken = False

    def settle(self, index: int, outcome: int | LogError) -> None:
        """A record is written, or will not be."""
        self.outcomes[index] = outcome
        self.waiting -= 1

    def take(self, index: int, error: KafkaError | None, message: Message) -> None:
        """The client reports on a record."""
        if error is None:
            self.settle(index, cast("int", message.offset()))
        else:
            failure = translated(error, self._doing)
            # A record of which this client gave up must not be sent by it later.
            self.is_broken = self.is_broken or failure.retryable or error.fatal() or error.code() == FATAL
            self.settle(index, failure)


class RecordProducer:
    """Owns one client, and builds it again when it has broken. Calls block and belong to one thread."""

    def __init__(self, options: KafkaOptions, max_message_bytes: int | None) -> None:
        """``max_message_bytes``: what the topic takes, if that is known."""
        self._options = options
        self._max_message_bytes = max_message_bytes or MAX_MESSAGE_BYTES
        self._doing = f"write to {options.topic!r}"
        self._client: Producer | None = None
        self._is_giving_up = False

    def give_up(self) -> None:
        """Have ``write`` return soon, with what is not written by then as failed. May be called by any thread."""
        self._is_giving_up = True

    def write(self, group: Sequence[Placed]) -> list[int | LogError]:
        """Write records; return the offset of each, or why it was not written."""
        reports = _Reports(len(group), self._doing)
        deadline = monotonic() + self._options.delivery_timeout_s + self._options.request_timeout_s
        client = self._connected()
        for index, placed in enumerate(group):
            refusal = self._send(client, placed, partial(reports.take, index), deadline)
            if refusal is not None:
                reports.settle(index, refusal)
        while reports.waiting and monotonic() < deadline and not self._is_giving_up:
            client.poll(POLL_S)
        if reports.waiting or reports.is_broken:
            self.close()
        late = LogUnavailableError(f"cannot {self._doing}: no report in time")
        return [late if outcome is None else outcome for outcome in reports.outcomes]

    def close(self) -> None:
        """Let the client go, with what it has not written; the next write builds another."""
        client, self._client = self._client, None
        if client is not None:
            client.purge()
            client.flush(POLL_S)

    def _connected(self) -> Producer:
        if self._client is None:
            self._client = Producer(self._config(), logger=client_log())
        return self._client

    def _send(self, client: Producer, placed: Placed, report: Report, deadline: float) -> LogError | None:
        """Hand a record to the client; return why it was not taken, if it was not."""
        record, has_looked = placed.record, False
        while monotonic() < deadline and not self._is_giving_up:
            try:
                client.produce(
                    self._options.topic,
                    record.value,
                    record.key,
                    placed.partition,
                    on_delivery=report,
                    timestamp=max(1, record.timestamp_us // 1000),  # 0 would mean "now"
                )
            except BufferError:
                client.poll(POLL_S)
            except KafkaException as exception:
                if has_looked or error_of(exception).code() not in MISSING:
                    return translated(error_of(exception), self._doing)
                has_looked = True  # the partition may be a new one, of which the client has not heard
                with suppress(KafkaException):
                    client.list_topics(self._options.topic, self._options.request_timeout_s)
            else:
                return None
        return LogUnavailableError(f"cannot {self._doing}: too much is waiting")

    def _config(self) -> dict[str, object]:
        return {
            **client_config(self._options),
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": LINGER_MS,
            # A batch above the topic's limit is refused with all its records, so none must get that large.
            "message.max.bytes": max(1_000, self._max_message_bytes),
            "batch.size": min(BATCH_BYTES, self._max_message_bytes),
            "delivery.timeout.ms": int(self._options.delivery_timeout_s * 1000),
            "queue.buffering.max.messages": 0,
        }
