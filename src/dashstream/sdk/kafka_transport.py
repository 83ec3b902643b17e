"""Sending batches of records straight to a Kafka topic, in the place of a gateway.

One record is one message: its value as it is, its key the thread id, its partition that of the key (``partition_of``).
The client is idempotent, waits for all replicas and never gives a record up by itself, so the records of a partition
are written in the order in which they were handed to it, and what it sends again after a silence is written once.

A batch is delivered when the broker has confirmed every record of it. When that takes too long the batch's fate is not
known: the publisher spools it and sends it again. What the client still holds is remembered by the record's value, and
so is what was confirmed or refused meanwhile: the repeat waits for the former, leaves out the latter and hands over
the rest. Only where the client was lost (the process ended, or an error broke it) can a record come to be on the topic
twice; readers know it by producer, epoch, thread and sequence.

Before the first batch and after each failure the broker is asked for the topic. While it does not answer, nothing is
handed to the client, so that nothing of a new batch has left this process.

Import this module late: it needs confluent-kafka, which not every program has.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from dashstream.adapters.kafka.errors import MISSING, error_of
from dashstream.adapters.kafka.options import KIB, KafkaOptions, client_config
from dashstream.engine.ports import partition_of
from dashstream.errors import RecordError
from dashstream.protocol.framing import Limits
from dashstream.protocol.proto_codec import read_header
from dashstream.sdk.settings import SdkSettings
from dashstream.sdk.transport import Outcome, Verdict

POLL_S = 0.05
"""Longest wait for reports between two looks at whether somebody has aborted."""
ASK_S = 1.0
"""Time for the broker to be reached and to tell of the topic; connecting goes on between attempts."""
ASK_FIRST_S, ASK_MOST_S = 0.1, 0.4
"""Waits of one question: each is twice as long as the one before, for brokers that are far away."""
ABORTED_S = 0.25
"""Time for a batch after an abort: a broker that answers takes more of them, another one delays no program's end."""
HEAR_OUT_ROUNDS = 3
"""An error that the client raises ends a round, and leaves reports behind it."""
LINGER_MS = 1
REQUEST_BYTES = 64 * KIB
"""The broker refuses a request above the topic's ``max.message.bytes`` with all its records, so none gets that large
but for a single record that is."""
OVERHEAD_BYTES = 64 * KIB
QUEUE_RECORDS = 100_000
YIELD_AFTER = 64
"""Records handed over before the interpreter is offered to the program's threads."""

REFUSED = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD, KafkaError.INVALID_TIMESTAMP})
"""The broker will never take this record; any other error may pass."""
NO_ENTRY = frozenset(
    {
        KafkaError._AUTHENTICATION,
        KafkaError._SSL,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)
"""Somebody has to do something about it."""

_log = logging.getLogger("dashstream.sdk")

ClientFactory = Callable[[dict[str, object]], Producer]


def connected(config: dict[str, object]) -> Producer:
    """Return a client; what it logs is for debugging."""
    return Producer(config, logger=_Log())


class KafkaTransport:
    """A :class:`~dashstream.sdk.transport.Transport`. One thread sends; another may abort."""

    def __init__(
        self,
        options: KafkaOptions,
        settings: SdkSettings,
        *,
        client_factory: ClientFactory = connected,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``options`` have been checked."""
        self._clock = clock
        self._options = options
        self._limits = Limits(max_record_bytes=settings.max_record_bytes)
        self._config = _config(options, settings) | {"error_cb": self._hear}
        self._client_factory = client_factory
        self._client: Producer | None = None
        self._confirmed: dict[bytes, bool | None] = {}
        """By value: written, refused, or None while the client holds it. Of batches that are not settled yet."""
        self._partitions = 0
        self._ask_after = 0.0
        self._has_left = False
        self._is_broken = False
        self._is_down = False
        self._aborts = 0
        self._reason = ""
        self._complained: set[int] = set()

    def send(self, values: Sequence[bytes], timeout_s: float) -> Outcome:
        """Write a batch and wait for the reports on all of it, at most ``timeout_s`` together. Never raises."""
        deadline = self._clock() + (min(timeout_s, ABORTED_S) if self._aborts else timeout_s)
        self._reason = ""
        self._has_left = any(value in self._confirmed for value in values)
        if self._is_broken:
            self._drop()
        try:
            client = self._open()
            if self._knows_topic(client, deadline):
                self._hand_over(client, values, deadline)
                self._wait(client, values, deadline)
        except KafkaException as exception:  # also out of ``poll``, when the client cannot go on
            self._is_broken = True
            self._note(error_of(exception))
        if self._is_broken:
            self._drop()
        return self._outcome(values)

    def abort(self) -> None:
        """See ``Transport.abort``; ends a wait within milliseconds, and a question to the broker within its wait."""
        self._aborts += 1

    def tend(self) -> None:
        """See ``Transport.tend``: takes in what the client has to say, which would pile up."""
        if self._client is not None:
            try:
                self._client.poll(0)
            except KafkaException:
                self._is_broken = True

    def close(self) -> None:
        """Let the client go, with what it still holds."""
        self._drop()

    def forget(self) -> None:
        """See ``Transport.forget``. The client's threads are not in the child, and its destructor waits for them."""
        client, self._client = self._client, None
        if client is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))

    def _open(self) -> Producer:
        if self._client is None:
            self._client = self._client_factory(self._config)
        return self._client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.purge()
            _hear_out(client)
        self._is_broken = False
        self._ask_after = 0.0
        self._confirmed = {value: fate for value, fate in self._confirmed.items() if fate is not None}

    def _forget_settled(self) -> None:
        """Forget this batch, and any before it that was given up: it will not come again."""
        self._confirmed = {value: fate for value, fate in self._confirmed.items() if fate is None}

    # ---- the topic -------------------------------------------------------------------------------------------

    def _knows_topic(self, client: Producer, deadline: float) -> bool:
        """Ask how many partitions there are, unless that is known; tell whether the broker has answered."""
        if self._clock() < self._ask_after:
            return True
        deadline = min(deadline, self._clock() + ASK_S)
        aborts, wait_s = self._aborts, ASK_FIRST_S
        client.poll(0)  # old news must not be taken for new
        while (left := deadline - self._clock()) > 0 and aborts == self._aborts:
            try:
                found = client.list_topics(self._options.topic, timeout=min(wait_s, left)).topics[self._options.topic]
            except KafkaException as exception:
                client.poll(0)
                self._note(error_of(exception))
                if self._is_broken or (self._is_down and error_of(exception).code() == KafkaError._TRANSPORT):
                    return False
                wait_s = min(2 * wait_s, ASK_MOST_S)
                continue
            self._is_down = False
            if found.error is not None:
                self._note(found.error)
            if not found.partitions:
                return False
            self._partitions = len(found.partitions)
            self._ask_after = self._clock() + self._options.check_interval_s
            return True
        return False

    # ---- the records -----------------------------------------------------------------------------------------

    def _hand_over(self, client: Producer, values: Sequence[bytes], deadline: float) -> None:
        """Hand to the client what it does not hold and what is not settled, in order; stop where it takes no more."""
        for number, value in enumerate(values, 1):
            if value not in self._confirmed and not self._produce(client, value, deadline):
                return
            if number % YIELD_AFTER == 0:
                time.sleep(0)  # allowed: it yields and does not wait

    def _produce(self, client: Producer, value: bytes, deadline: float) -> bool:
        try:
            key = read_header(value, self._limits).header.thread_id.encode()
        except RecordError:  # of a spool of others: a gateway would refuse it, too
            self._confirmed[value] = False
            return True
        aborts = self._aborts
        self._confirmed[value] = None
        while self._clock() < deadline and aborts == self._aborts and not self._is_broken:
            try:
                client.produce(
                    self._options.topic,
                    value,
                    key,
                    partition_of(key, self._partitions),
                    on_delivery=partial(self._take, value),
                )
            except BufferError:
                client.poll(POLL_S)
                continue
            except KafkaException as exception:
                self._settle(value, error_of(exception))
                return value in self._confirmed
            self._has_left = True
            return True
        del self._confirmed[value]
        return False

    def _wait(self, client: Producer, values: Sequence[bytes], deadline: float) -> None:
        """Take reports in until all is settled, or the time is over, or somebody aborts, or the client has broken."""
        aborts, settled = self._aborts, 0
        while settled < len(values):
            if self._confirmed.get(values[settled]) is not None:
                settled += 1
            elif self._clock() >= deadline or aborts != self._aborts or self._is_broken or self._is_down:
                return
            else:
                client.poll(POLL_S)

    def _take(self, value: bytes, error: KafkaError | None, _message: Message) -> None:
        """Called by the client within ``poll``: a record was written, or will not be."""
        if value not in self._confirmed:
            return
        if error is None:
            self._confirmed[value] = True
        else:
            self._settle(value, error)

    def _settle(self, value: bytes, error: KafkaError) -> None:
        if error.code() in REFUSED:
            self._confirmed[value] = False
            return
        # What comes after it must not be written before it is: this client writes nothing any more.
        del self._confirmed[value]
        self._is_broken = True
        self._note(error)

    def _outcome(self, values: Sequence[bytes]) -> Outcome:
        fates = [self._confirmed.get(value) for value in values]
        if None not in fates:
            self._forget_settled()
            return Outcome(Verdict.DELIVERED, tuple(index for index, fate in enumerate(fates) if fate is False))
        self._ask_after = 0.0
        verdict = Verdict.RETRY if self._has_left else Verdict.ABSENT
        return Outcome(verdict, reason=self._reason or "no answer in time")

    # ---- what the client says --------------------------------------------------------------------------------

    def _hear(self, error: KafkaError) -> None:
        """Called by the client within ``poll``: something happened that is about no record."""
        self._note(error)
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._is_down = True
            self._ask_after = 0.0

    def _note(self, error: KafkaError) -> None:
        reason = f"{error.name().lower()}: {error.str()}"
        self._reason = self._reason or reason
        if error.code() in NO_ENTRY | MISSING and error.code() not in self._complained:
            self._complained.add(error.code())
            _log.warning("telemetry waits on disk, Kafka topic %r: %s", self._options.topic, reason)


def _hear_out(client: Producer) -> None:
    """Take in what a purged client has to say of every record: what it knows counts."""
    for _ in range(HEAR_OUT_ROUNDS):
        with contextlib.suppress(KafkaException):
            client.flush(POLL_S)
            return


class _Log:
    """Where the client logs: whatever its level, it is nothing that a program's log should show by itself."""

    def log(self, _level: int, message: str, *arguments: object) -> None:
        _log.debug(message, *arguments)


def _config(options: KafkaOptions, settings: SdkSettings) -> dict[str, object]:
    answer_ms = int(options.request_timeout_s * 1000)
    largest = max(settings.batch_bytes, settings.max_record_bytes)
    return {
        **client_config(options),
        "enable.idempotence": True,
        "enable.gapless.guarantee": True,
        "acks": "all",
        "linger.ms": LINGER_MS,
        "message.timeout.ms": 0,
        "socket.timeout.ms": answer_ms,
        "request.timeout.ms": answer_ms,
        "batch.size": REQUEST_BYTES,
        "message.max.bytes": settings.max_record_bytes + OVERHEAD_BYTES,
        "queue.buffering.max.messages": QUEUE_RECORDS,
        "queue.buffering.max.kbytes": 4 * largest // KIB,
    }
