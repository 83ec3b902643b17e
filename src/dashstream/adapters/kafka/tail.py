"""The tail: one thread that follows every partition of the topic and hands what comes to the loop, a batch at a time.

It is assigned all partitions by itself, never by a group: every gateway delivers everything. ``TailSink`` is called on
the event loop, one call a batch.

What can happen, and what is done:

- The broker restarts, a leader moves: the client reconnects by itself; while the topic cannot be asked after, the sink
  is told of a failure, and of its end.
- The client breaks (a fatal error, missing partitions, refused access): it is built again, with backoff, from where
  the tail had got.
- The client goes mute on a partition: that the broker has more of it shows, and the client is built again as well.
- Partitions are added: they are followed from their first offset.
- A position is below what the partition holds: the sink is told to begin again at the low watermark. Above it: the
  partition has lost records that were read, the end of this tail.
- The topic is deleted or made anew: the end of this tail. A client goes on reading a new topic of the same name from
  its old positions without a word, but only after its fetches were refused, which keeps it from fetching anything for
  half a second. So what comes after a silence is held until the topic's id has been looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol, cast

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import TopicDescription  # type: ignore[attr-defined]  # exported without saying so

from dashstream.adapters.kafka.errors import END_OF_PARTITION, MISSING, OUT_OF_RANGE, TRUNCATED, error_of, translated
from dashstream.adapters.kafka.hearing import Hearing
from dashstream.adapters.kafka.options import KafkaOptions, client_log, reading_config
from dashstream.adapters.kafka.topic import Questions, Topic, TopicLife
from dashstream.adapters.kafka.window import Run, size_of
from dashstream.engine.backoff import Backoff
from dashstream.engine.ports import LogRecord
from dashstream.errors import LogCorruptError, LogEpochChangedError, LogError, LogUnavailableError, NotFoundError

log = structlog.get_logger(__name__)

POLL_S = 0.1
"""How long one wait for records takes at most: bounds the end of the thread."""

REFUSED_FETCH_S = 0.5
"""How long the client fetches nothing of a partition after a fetch was refused."""

SILENCE_S = REFUSED_FETCH_S / 2
"""Silence after which the topic may be another one."""

BATCHES_ON_THE_WAY = 4
"""Batches handed over that the loop has not taken yet, at most."""

RECOVERY_CHECK_S = 0.5
"""How often the topic is asked after while it does not answer."""

ENDS = (LogEpochChangedError, LogCorruptError)
"""Errors after which the tail does not try again: positions do not mean any more what they meant."""


@dataclass(slots=True)
class TailBatch:
    """Records in order of arrival, and the next offset of each partition that got further."""

    runs: list[Run] = field(default_factory=list)
    reached: dict[int, int] = field(default_factory=dict)


class TailSink(Protocol):
    """Who is told; every call comes on the event loop."""

    def take(self, batch: TailBatch) -> None:
        """Records came, or partitions got further without."""

    def begin(self, positions: Mapping[int, int]) -> None:
        """These partitions go on, or begin, at these offsets; nothing is known of what was before."""

    def fail(self, error: LogError | None) -> None:
        """The log cannot be followed now, or (None) it can again. An error of ``ENDS`` is the end."""


class Tail:
    """The thread. ``start`` it once; ``stop`` ends it within about a second."""

    def __init__(
        self,
        options: KafkaOptions,
        topic: Topic,
        life: TopicLife,
        sink: TailSink,
        call: Callable[..., None],
        room: Callable[[], bool],
    ) -> None:
        """``call`` runs a function on the event loop; ``room`` says whether the sink can take more."""
        self._options = options
        self._topic = topic
        self._life = life
        self._sink = sink
        self._call = call
        self._room = room
        self._has_room = threading.Event()
        self._on_the_way = threading.Semaphore(BATCHES_ON_THE_WAY)
        self._stopping = threading.Event()
        self._positions: dict[int, int] = {}
        self._failing = False
        self._heard_at = 0.0
        self._checked_at = 0.0
        self._check: Future[TopicDescription] | None = None
        self._ends: Questions = {}
        self._hearing = Hearing(options.request_timeout_s)
        self._thread = threading.Thread(target=self._run, name="dashstream-kafka-tail", daemon=True)

    def start(self, positions: Mapping[int, int]) -> None:
        """Follow from these next offsets on."""
        self._positions = dict(positions)
        self._thread.start()

    def make_room(self) -> None:
        """The sink can take more."""
        self._has_room.set()

    def stop(self) -> None:
        """Have the thread end, without waiting for it."""
        self._stopping.set()
        self._has_room.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread's end."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                self._follow(backoff)
            except LogError as error:
                self._fail(error)
                log.warning("kafka tail failed", error=str(error), code=error.code, attempt=backoff.attempt)
                if isinstance(error, ENDS):
                    return
                self._stopping.wait(backoff.next_delay())

    def _follow(self, backoff: Backoff) -> None:
        """Read with one client until it breaks.

        Raises:
            LogError: it broke, or the log is another one.
        """
        self._check, self._ends = None, {}  # whoever was asked before may be gone
        self._hearing.forget()
        self._verify()
        config = reading_config(self._options, fetch_wait_ms=500)
        consumer = Consumer(config | {"fetch.error.backoff.ms": int(REFUSED_FETCH_S * 1000)}, logger=client_log())
        try:
            consumer.assign(self._places(self._positions))
            while not self._stopping.is_set():
                messages = self._consume(consumer)
                if messages:
                    self._take(consumer, messages)
                    backoff.reset()
                self._look_after_topic(consumer)
                self._look_for_mute_partitions()
                self._wait_for_room()
        except KafkaException as exception:
            raise translated(error_of(exception), f"follow {self._topic.name!r}") from exception
        finally:
            consumer.close()

    def _consume(self, consumer: Consumer) -> Sequence[Message]:
        return consumer.consume(self._options.batch_records, POLL_S)

    def _take(self, consumer: Consumer, messages: Iterable[Message]) -> None:
        reached = dict(self._positions)
        trouble: list[tuple[int, KafkaError]] = []
        runs: list[tuple[int, list[LogRecord]]] = []
        for message in messages:
            if (error := message.error()) is None:
                record = record_of(message)
                partition, offset = record.partition, record.offset
                if offset >= reached[partition]:
                    if not runs or runs[-1][0] != partition:
                        runs.append((partition, []))
                    runs[-1][1].append(record)
                    reached[partition] = offset + 1
                continue
            partition = cast("int", message.partition())
            if error.code() == END_OF_PARTITION:
                reached[partition] = max(reached[partition], cast("int", message.offset()))
            else:
                trouble.append((partition, error))
        batch = TailBatch([Run(partition, records, sum(map(size_of, records))) for partition, records in runs])
        batch.reached = {p: offset for p, offset in reached.items() if offset > self._positions[p]}
        if batch.reached:
            self._hand_over(batch)
        for partition, error in trouble:
            self._repair(consumer, partition, error)

    def _hand_over(self, batch: TailBatch) -> None:
        if monotonic() - self._heard_at > SILENCE_S:
            self._verify()
        while not self._on_the_way.acquire(timeout=POLL_S):
            if self._stopping.is_set():
                return
        self._heard_at = monotonic()
        self._recovered()
        self._positions.update(batch.reached)
        self._call(self._deliver, batch)

    def _deliver(self, batch: TailBatch) -> None:
        """Runs on the event loop."""
        self._on_the_way.release()
        self._sink.take(batch)

    def _repair(self, consumer: Consumer, partition: int, error: KafkaError) -> None:
        """Do what an error of a partition, or of the client (partition -1), asks for.

        Raises:
            LogError: the client has to be built again, or this is the end.
        """
        if error.code() in OUT_OF_RANGE:
            self._begin_again(consumer, partition)
        elif error.code() == TRUNCATED:
            raise LogCorruptError(f"partition {partition} of {self._topic.name!r} lost records that were read")
        elif error.code() in MISSING or error.fatal() or not error.retriable():
            self._verify()
            raise translated(error, f"follow partition {partition} of {self._topic.name!r}")

    def _begin_again(self, consumer: Consumer, partition: int) -> None:
        self._verify()
        mark, position = self._topic.watermark(partition), self._positions[partition]
        if position > mark.high:
            raise LogCorruptError(
                f"partition {partition} of {self._topic.name!r} lost records that were read:"
                f" it ends at {mark.high}, after {position} had been reached"
            )
        start = {partition: max(position, mark.low)}
        self._positions.update(start)
        place = self._places(start)
        consumer.incremental_unassign(place)
        consumer.incremental_assign(place)
        if mark.low > position:
            self._call(self._sink.begin, start)

    def _look_after_topic(self, consumer: Consumer) -> None:
        """Ask after the topic now and then, without waiting for the answer."""
        now = monotonic()
        if self._check is None:
            interval_s = RECOVERY_CHECK_S if self._failing else self._options.check_interval_s
            if now - self._checked_at >= interval_s:
                self._checked_at, self._check = now, self._topic.ask()
            return
        if not self._check.done():
            return
        check, self._check = self._check, None
        try:
            self._learn(self._topic.life_of(check))
        except NotFoundError as error:
            raise self._changed() from error
        except LogEpochChangedError:
            raise
        except LogError as error:
            self._fail(error)  # it may be back before the client notices
        else:
            self._recovered()
            self._follow_added(consumer)
            self._ends = self._topic.ask_ends(self._positions)

    def _look_for_mute_partitions(self) -> None:
        """Compare the ends that were asked for, when they are all there, with how far the client has got.

        Raises:
            LogError: it does not hear of some partition any more.
        """
        if not self._ends or not all(answer.done() for answer in self._ends.values()):
            return
        ends, self._ends = self._topic.ends_of(self._ends), {}
        if mute := self._hearing.mute(self._positions, ends, monotonic()):
            raise LogUnavailableError(
                f"cannot follow partition {mute[0]} of {self._topic.name!r}:"
                f" nothing comes after {self._positions[mute[0]]}, and it ends at {ends[mute[0]]}"
            )

    def _follow_added(self, consumer: Consumer) -> None:
        added = {p: 0 for p in range(self._life.partition_count) if p not in self._positions}
        if added:
            self._positions.update(added)
            self._call(self._sink.begin, added)
            consumer.incremental_assign(self._places(added))

    def _verify(self) -> None:
        """Make sure that the topic is still the one that is followed.

        Raises:
            LogError: it is not, or it cannot be told.
        """
        try:
            self._learn(self._topic.life())
        except NotFoundError as error:
            raise self._changed() from error

    def _learn(self, life: TopicLife) -> None:
        if life.epoch != self._life.epoch:
            raise self._changed()
        self._life = life

    def _changed(self) -> LogEpochChangedError:
        return LogEpochChangedError(f"topic {self._topic.name!r} was deleted or made anew")

    def _wait_for_room(self) -> None:
        while not self._room() and not self._stopping.is_set():
            self._has_room.clear()
            if not self._room():
                self._has_room.wait(POLL_S)
            self._hearing.forget()
            self._heard_at = 0.0  # what is fetched meanwhile may be old or new

    def _fail(self, error: LogError) -> None:
        self._failing = True
        self._call(self._sink.fail, error)

    def _recovered(self) -> None:
        if self._failing:
            self._failing = False
            self._call(self._sink.fail, None)

    def _places(self, positions: Mapping[int, int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic.name, partition, offset) for partition, offset in positions.items()]


def record_of(message: Message) -> LogRecord:
    """Return a message of the client as the log's record."""
    return LogRecord(
        message.partition(),  # type: ignore[arg-type]  # a message without an error has one
        message.offset(),  # type: ignore[arg-type]  # as above
        message.timestamp()[1] * 1000,
        message.key() or b"",
        message.value(),
    )
