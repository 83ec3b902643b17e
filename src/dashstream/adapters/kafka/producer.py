"""The producer: writes records to given partitions and says of each what became of it.

It is idempotent and waits for all replicas: what the client sends again after a broker's silence is written once. One
thread writes, one group of records at a time; the group ends when the client has reported on every record, which it
does within the delivery timeout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from dashstream.adapters.kafka.errors import error_of, translated
from dashstream.adapters.kafka.options import MIB, KafkaOptions, client_config, client_log
from dashstream.engine.ports import NewRecord
from dashstream.errors import LogError, LogUnavailableError

Report = Callable[[KafkaError | None, Message], None]

POLL_S = 0.1
LINGER_MS = 1
"""Time for the rest of a group to join the first record's request."""

MAX_MESSAGE_BYTES = 64 * MIB
"""Above what any topic takes: the broker decides, by the topic's own limit."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A record and the partition to write it to."""

    record: NewRecord
    partition: int


class RecordProducer:
    """Owns one client, and builds it again when it has broken. Calls block and belong to one thread."""

    def __init__(self, options: KafkaOptions) -> None:
        self._options = options
        self._doing = f"write to {options.topic!r}"
        self._client: Producer | None = None
        self._is_broken = False

    def write(self, group: Sequence[Placed]) -> list[int | LogError]:
        """Write records; return the offset of each, or why it was not written."""
        outcomes: list[int | LogError | None] = [None] * len(group)
        deadline = monotonic() + self._options.delivery_timeout_s + self._options.request_timeout_s
        try:
            client = self._connected()
            for index, placed in enumerate(group):
                self._send(client, placed, partial(self._report, outcomes, index), deadline)
            while any(outcome is None for outcome in outcomes) and monotonic() < deadline:
                client.poll(POLL_S)
        except KafkaException as exception:
            self._is_broken = True
            failure = translated(error_of(exception), self._doing)
        else:
            failure = LogUnavailableError(f"cannot {self._doing}: no report in time")
        answer = [failure if outcome is None else outcome for outcome in outcomes]
        if self._is_broken or failure in answer:
            self.close()
        return answer

    def close(self) -> None:
        """Let the client go, with what it has not written; the next write builds another."""
        client, self._client, self._is_broken = self._client, None, False
        if client is not None:
            client.purge()
            client.flush(POLL_S)

    def _connected(self) -> Producer:
        if self._client is None:
            self._client = Producer(self._config(), logger=client_log())
        return self._client

    def _send(self, client: Producer, placed: Placed, report: Report, deadline: float) -> None:
        record = placed.record
        while True:
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
                if monotonic() > deadline:
                    return
                client.poll(POLL_S)
            else:
                client.poll(0)
                return

    def _report(
        self, outcomes: list[int | LogError | None], index: int, error: KafkaError | None, message: Message
    ) -> None:
        if error is None:
            outcomes[index] = message.offset()
            return
        outcomes[index] = translated(error, self._doing)
        self._is_broken = self._is_broken or error.fatal() or error.code() == KafkaError._FATAL

    def _config(self) -> dict[str, object]:
        return {
            **client_config(self._options),
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": LINGER_MS,
            "message.max.bytes": MAX_MESSAGE_BYTES,
            "delivery.timeout.ms": int(self._options.delivery_timeout_s * 1000),
            "queue.buffering.max.messages": 0,
        }
