"""What the broker tells of the topic: its identity, its partitions, its watermarks. One client, one time budget a call.

The identity is the topic's id: a topic that was deleted and made again has another one, whatever its name. Questions
about offsets are one request to each broker for all partitions, never one a partition.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # the client exports them without saying so
    AdminClient,
    ConfigResource,
    ListOffsetsResultInfo,
    OffsetSpec,
    ResourceType,
    TopicDescription,
)

from dashstream.adapters.kafka.errors import MISSING, MOVING, error_of, translated
from dashstream.adapters.kafka.options import KafkaOptions, client_config, client_log
from dashstream.adapters.kafka.topic_id import epoch_of, give_back
from dashstream.engine.ports import Watermark
from dashstream.errors import LogError, LogRefusedError, LogUnavailableError, NotFoundError

_NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"
"""How a broker without topic ids tells one: sixteen zero bytes."""

_LOW: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # the client leaves it untyped
_HIGH: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client leaves it untyped

ASK_AGAIN_S = 0.05
"""Pause before a moving leader is asked for again."""

FAILURES_OF_A_CLIENT = 5
"""How often in a row the topic cannot be looked at before another client tries."""

Questions = Mapping[TopicPartition, "Future[ListOffsetsResultInfo]"]


@dataclass(frozen=True, slots=True)
class TopicLife:
    """One life of the topic: its id, and how many partitions it has now."""

    epoch: str
    partition_count: int


class Topic:
    """Asks about one topic. Blocking calls are for threads, the others for the event loop."""

    def __init__(self, options: KafkaOptions) -> None:
        self.name = options.topic
        self._timeout_s = options.request_timeout_s
        self._refusal: LogRefusedError | None = None
        self._options = options
        self._admin = self._made_client()
        self._failed_in_a_row = 0

    def ask(self) -> Future[TopicDescription]:
        """Ask for the topic's life; ``life_of`` reads the answer, which comes within the request timeout."""
        asked = self._admin.describe_topics(TopicCollection([self.name]), request_timeout=self._timeout_s)
        return asked[self.name]

    def life(self) -> TopicLife:
        """Return the topic's life now; blocks up to the request timeout.

        Raises:
            NotFoundError: there is no such topic.
            LogError: it cannot be told.
        """
        return self.life_of(self.ask())

    def life_of(self, answer: Future[TopicDescription]) -> TopicLife:
        """Return what the broker answered; raises as ``life``.

        After some failures in a row, questions have a new client: one whose broker was away may never find it again.
        """
        try:
            # The client answers by itself; the margin is for a client that does not.
            description = answer.result(self._timeout_s + 1)
        except KafkaException as exception:
            error = error_of(exception)
            if error.code() in MISSING:
                self._failed_in_a_row = 0
                raise NotFoundError(f"the broker has no topic {self.name!r}") from exception
            failure = self._hear() or translated(error, f"look at topic {self.name!r}")
            self._note_failed()
            raise failure from exception
        except TimeoutError as error:
            self._note_failed()
            raise LogUnavailableError(f"cannot look at topic {self.name!r}: no answer") from error
        self._failed_in_a_row = 0
        self._hear()  # also keeps what the client has to say from piling up
        give_back(description)
        epoch = epoch_of(description)
        if epoch == _NO_ID:
            raise LogRefusedError("the broker gives topics no ids; Kafka 3.1 or newer is needed")
        return TopicLife(epoch, len(description.partitions))

    def max_message_bytes(self) -> int | None:
        """Return the largest batch of records that the topic takes, or None if we may not know; blocks."""
        resource = ConfigResource(ResourceType.TOPIC, self.name)
        (asked,) = self._admin.describe_configs([resource], request_timeout=self._timeout_s).values()
        try:
            entry = asked.result(self._timeout_s + 1).get("max.message.bytes")
        except (KafkaException, TimeoutError):
            return None
        return int(entry.value) if entry is not None else None

    async def watermarks(self, partitions: Iterable[int]) -> Mapping[int, Watermark]:
        """Return the watermarks of partitions; what is not committed yet is above the high ones.

        Raises:
            LogError: some are not known within the request timeout.
        """
        wanted = tuple(partitions)
        low, high = await asyncio.gather(self._offsets(wanted, _LOW), self._offsets(wanted, _HIGH))
        return {partition: Watermark(min(low[partition], high[partition]), high[partition]) for partition in wanted}

    def watermark(self, partition: int) -> Watermark:
        """Like ``watermarks`` for one partition; blocks."""
        self._look_for_leaders()
        lows, highs = self._list([partition], _LOW), self._list([partition], _HIGH)
        try:
            ((low,), (high,)) = (
                [future.result(self._timeout_s + 1).offset for future in asked.values()] for asked in (lows, highs)
            )
        except KafkaException as exception:
            raise translated(error_of(exception), f"read the watermarks of {self.name!r}") from exception
        except TimeoutError as error:
            raise LogUnavailableError(f"cannot read the watermarks of {self.name!r}: no answer") from error
        return Watermark(min(low, high), high)

    def ask_ends(self, partitions: Iterable[int]) -> Questions:
        """Ask where partitions end; ``ends_of`` reads the answers, which come within the request timeout."""
        return self._list(partitions, _HIGH)

    @staticmethod
    def ends_of(answers: Questions) -> dict[int, int]:
        """Return what was answered; all answers have come."""
        return {at.partition: one.result().offset for at, one in answers.items() if one.exception() is None}

    async def known_highs(self, partitions: Iterable[int], within_s: float) -> Mapping[int, int]:
        """Return the high watermarks that are known within a time; never raises."""
        return (await self._find(partitions, _HIGH, within_s))[0]

    async def known_since(self, partitions: Iterable[int], time_us: int, within_s: float) -> Mapping[int, int]:
        """Return the first offsets that the log stamped at or after a time, -1 where there is none, as ``known_highs``.

        Kafka keeps milliseconds: a stamp within the asked one counts, for it may be after.
        """
        return (await self._find(partitions, OffsetSpec.for_timestamp(time_us // 1000), within_s))[0]

    def _made_client(self) -> AdminClient:
        config: dict[str, object] = {**client_config(self._options), "error_cb": self._note}
        return AdminClient(config, logger=client_log())  # type: ignore[arg-type]  # its stub knows no callbacks

    def _note_failed(self) -> None:
        self._failed_in_a_row += 1
        if self._failed_in_a_row == FAILURES_OF_A_CLIENT:
            self._failed_in_a_row = 0
            self._admin = self._made_client()

    def _hear(self) -> LogRefusedError | None:
        """Return why the broker has refused us since the last time, which answers that time out do not tell."""
        self._refusal = None
        self._admin.poll(0)
        return self._refusal

    def _note(self, error: KafkaError) -> None:
        """Called by the client within ``_hear``."""
        failure = translated(error, f"look at topic {self.name!r}")
        if isinstance(failure, LogRefusedError):
            self._refusal = failure

    def _look_for_leaders(self) -> None:
        """Have the client ask who leads what: left to itself it may stay with an old answer. Blocks."""
        with suppress(KafkaException):
            self._admin.list_topics(self.name, self._timeout_s)

    def _list(self, partitions: Iterable[int], which: OffsetSpec) -> Questions:
        return self._admin.list_offsets(
            {TopicPartition(self.name, partition): which for partition in partitions},
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=self._timeout_s,
        )

    async def _offsets(self, partitions: Collection[int], which: OffsetSpec) -> dict[int, int]:
        """Return an answer for every partition.

        Raises:
            LogError: some did not answer within the request timeout.
        """
        found, failures = await self._find(partitions, which, self._timeout_s)
        if missing := set(partitions) - found.keys():
            raise self._unanswered(len(missing), len(missing) + len(found), failures)
        return found

    async def _find(
        self, partitions: Iterable[int], which: OffsetSpec, within_s: float
    ) -> tuple[dict[int, int], list[BaseException]]:
        """Ask until every partition has answered: a leader that is moving is asked again, within the time.

        Returns what is known by then, and what the last question failed with.
        """
        missing = set(partitions)
        found: dict[int, int] = {}
        failures: list[BaseException] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while missing:
                    failures = await self._ask_once(missing, which, found)
                    missing -= found.keys()
                    if missing and not all(map(_passes_by_itself, failures)):
                        break
                    if missing:
                        await asyncio.to_thread(self._look_for_leaders)
                        await asyncio.sleep(ASK_AGAIN_S)
        return found, failures

    async def _ask_once(
        self, partitions: Iterable[int], which: OffsetSpec, found: dict[int, int]
    ) -> list[BaseException]:
        """Add what is answered to ``found``, also when the time ends meanwhile; return the failures."""
        questions = self._list(partitions, which)
        failures = []
        # Gathered by hand: a late answer to a question that was given up must not count as unhandled.
        answers = {at.partition: _quiet(asyncio.wrap_future(future)) for at, future in questions.items()}
        try:
            await asyncio.wait(answers.values())
        finally:
            for partition, answer in answers.items():
                if not answer.done():
                    continue
                if (error := answer.exception()) is None:
                    found[partition] = answer.result().offset
                else:
                    failures.append(error)
        return failures

    def _unanswered(self, missing: int, asked: int, failures: list[BaseException]) -> LogError:
        if (refusal := self._hear()) is not None:
            return refusal
        doing = f"read the watermarks of {missing} of {asked} partitions of {self.name!r}"
        for failure in failures:
            if isinstance(failure, KafkaException):
                return translated(error_of(failure), doing)
        return LogUnavailableError(f"cannot {doing}: no answer")


def _passes_by_itself(failure: BaseException) -> bool:
    return isinstance(failure, KafkaException) and error_of(failure).code() in MOVING


def _quiet(future: asyncio.Future[ListOffsetsResultInfo]) -> asyncio.Future[ListOffsetsResultInfo]:
    future.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    return future
