"""Ownership of partitions by membership in a consumer group, and the positions that owners commit.

The member takes no records: its partitions are paused from the moment they are assigned. It only tells which
partitions this process owns, and keeps what is settled of them with the group. Partitions move one by one (cooperative
assignment): those that stay are never interrupted.

One thread does everything with the client: it polls, which keeps the membership alive, and commits between polls. So a
partition is never given away in the middle of a commit, and nothing is committed for one that was given away.

The client may lose the group's coordinator for good, without a word, when a broker hangs while it joins. So it is asked
now and then whether it is settled in the group; one that has not been for too long is built again.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import monotonic

import msgspec
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from dashstream.adapters.kafka.errors import error_of, translated
from dashstream.adapters.kafka.options import KafkaOptions, check, client_config, client_log
from dashstream.engine.backoff import Backoff
from dashstream.engine.commits import Commit
from dashstream.errors import LogClosedError, LogError, LogRefusedError, LogUnavailableError

log = structlog.get_logger(__name__)

POLL_S = 0.05
"""How long a commit waits for its turn at most."""

CLOSE_S = 5.0
UNSETTLED_SESSIONS = 3
"""Timeouts, of the session or of a request, after which a client that is not settled in the group is built again."""
LOOKS = 2
"""How often within a session timeout the client says whether it is settled."""
HEARTBEATS = 10
"""Heartbeats within the session timeout: by the next one a member learns that partitions move."""


class _Group(msgspec.Struct):
    """How the client stands to its group."""

    state: str
    join_state: str


class _Statistics(msgspec.Struct):
    """What is read of the client's statistics."""

    cgrp: _Group


_statistics = msgspec.json.Decoder(_Statistics)


@dataclass(slots=True)
class _Job:
    """Something to do with the client, for somebody who waits."""

    work: Callable[[Consumer], None]
    doing: str
    done: Future[None] = field(default_factory=Future)

    def do(self, consumer: Consumer) -> None:
        """Do it, unless nobody waits any more."""
        if not self.done.set_running_or_notify_cancel():
            return
        try:
            self.work(consumer)
        except KafkaException as exception:
            self.done.set_exception(translated(error_of(exception), self.doing))
        except LogError as error:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)


class KafkaOwnership:
    """The ``Ownership`` and ``Commits`` ports over one consumer group. ``start`` it; belongs to one event loop."""

    def __init__(self, options: KafkaOptions) -> None:
        check(options)
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._owned: frozenset[int] = frozenset()
        self._held: frozenset[int] = frozenset()
        self._change = asyncio.Event()
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._settled_at = 0.0
        self._thread = threading.Thread(target=self._run, name="dashstream-kafka-member", daemon=True)

    def start(self) -> None:
        """Join the group; what is owned comes later."""
        self._thread.start()

    @property
    def owned(self) -> frozenset[int]:
        """See ``Ownership.owned``."""
        return self._owned

    async def changed(self, seen: frozenset[int]) -> None:
        """See ``Ownership.changed``."""
        while self._owned == seen:
            await self._change.wait()

    async def load(self, partitions: Collection[int]) -> Mapping[int, Commit]:
        """See ``Commits.load``."""
        commits: dict[int, Commit] = {}
        await self._with_member(lambda member: self._load(member, partitions, commits), "read commits")
        return commits

    async def save(self, commits: Mapping[int, Commit]) -> None:
        """See ``Commits.save``."""
        if commits:
            await self._with_member(lambda member: self._commit(member, commits), "commit")

    async def close(self) -> None:
        """Leave the group, so that others own at once what was owned; takes some seconds at most."""
        self._stopping.set()
        self._set_owned(frozenset())
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join, CLOSE_S)

    def _load(self, member: Consumer, partitions: Collection[int], commits: dict[int, Commit]) -> None:
        wanted = [TopicPartition(self._options.topic, partition) for partition in partitions]
        for place in member.committed(wanted, self._options.request_timeout_s):
            if place.error is not None:
                raise translated(place.error, f"read the commit of partition {place.partition}")
            commit = Commit.from_metadata(place.offset, place.metadata or "") if place.offset >= 0 else None
            if commit is not None:
                commits[place.partition] = commit

    def _commit(self, member: Consumer, commits: Mapping[int, Commit]) -> None:
        if not commits.keys() <= self._held:
            raise LogUnavailableError("cannot commit: another process owns some of the partitions now")
        places = [
            TopicPartition(self._options.topic, partition, commit.position, commit.metadata)
            for partition, commit in commits.items()
        ]
        for place in member.commit(offsets=places, asynchronous=False) or ():
            if place.error is not None:
                raise translated(place.error, f"commit partition {place.partition}")

    async def _with_member(self, work: Callable[[Consumer], None], doing: str) -> None:
        """Have the member's thread do something."""
        if self._stopping.is_set():
            raise LogClosedError("the group was left")
        job = _Job(work, doing)
        self._jobs.put(job)
        try:
            async with asyncio.timeout(2 * self._options.request_timeout_s):
                await asyncio.wrap_future(job.done)
        except TimeoutError as error:
            raise LogUnavailableError(f"cannot {doing}: no member of the group, or no answer") from error

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                self._be_member(backoff)
            except LogError as error:
                log.warning("kafka group member failed", error=str(error), code=error.code, attempt=backoff.attempt)
                self._hold(frozenset())
                self._stopping.wait(backoff.next_delay())

    def _be_member(self, backoff: Backoff) -> None:
        """Be a member until the client breaks.

        Raises:
            LogError: it broke.
        """
        self._settled_at = monotonic()
        consumer = Consumer(self._config(), logger=client_log())
        try:
            consumer.subscribe(
                [self._options.topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
            )
            while not self._stopping.is_set():
                self._do_jobs(consumer)
                message = consumer.poll(POLL_S)
                self._check_settled()
                error = message.error() if message is not None else None
                if error is not None:
                    self._note(error)
                elif self._held:
                    backoff.reset()
        except KafkaException as exception:
            raise translated(error_of(exception), "be a member of the group") from exception
        finally:
            consumer.close()

    def _do_jobs(self, consumer: Consumer) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._jobs.get_nowait().do(consumer)

    def _look(self, statistics: str) -> None:
        """Called by the client within ``poll``."""
        group = _statistics.decode(statistics).cgrp
        if group.state == "up" and group.join_state == "steady":
            self._settled_at = monotonic()

    def _check_settled(self) -> None:
        # A commit may take the request timeout, and nothing is heard meanwhile.
        longest_s = UNSETTLED_SESSIONS * max(self._options.session_timeout_s, self._options.request_timeout_s)
        if monotonic() - self._settled_at > longest_s:
            raise LogUnavailableError("cannot be a member of the group: its coordinator does not answer")

    def _note(self, error: KafkaError) -> None:
        failure = translated(error, "be a member of the group")
        if error.fatal() or isinstance(failure, LogRefusedError):
            raise failure
        log.warning("kafka group member has trouble", error=str(failure))

    def _assigned(self, consumer: Consumer, added: list[TopicPartition]) -> None:
        consumer.incremental_assign(added)
        consumer.pause(added)
        self._hold(self._held | {place.partition for place in added})

    def _revoked(self, consumer: Consumer, removed: list[TopicPartition]) -> None:
        self._hold(self._held - {place.partition for place in removed})
        consumer.incremental_unassign(removed)

    def _hold(self, partitions: frozenset[int]) -> None:
        """Take note of what is owned, and tell the loop."""
        self._held = partitions
        with contextlib.suppress(RuntimeError):  # the loop has ended; nobody asks any more
            self._loop.call_soon_threadsafe(self._set_owned, partitions)

    def _set_owned(self, partitions: frozenset[int]) -> None:
        self._owned = partitions
        self._change.set()
        self._change = asyncio.Event()

    def _config(self) -> dict[str, object]:
        return {
            **client_config(self._options),
            "group.id": self._options.group,
            "partition.assignment.strategy": "cooperative-sticky",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "latest",
            "session.timeout.ms": int(self._options.session_timeout_s * 1000),
            "heartbeat.interval.ms": int(self._options.session_timeout_s * 1000 / HEARTBEATS),
            "socket.timeout.ms": int(self._options.request_timeout_s * 1000),
            "topic.metadata.refresh.interval.ms": int(self._options.check_interval_s * 1000),
            "statistics.interval.ms": int(self._options.session_timeout_s * 1000 / LOOKS),
            "stats_cb": self._look,
        }
