"""Duties over logs in memory with a clock of the test's own, for the tests of the owner's work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field

import msgspec

from dashstream.adapters.memory.commits import MemoryCommits
from dashstream.adapters.memory.log import MemoryLog
from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.engine.dead_letter import DeadLetter, LetterWriter
from dashstream.engine.dead_letters import DeadLetters, LetterQuery
from dashstream.engine.duties import Duties, DutyParts, RecordTaker
from dashstream.engine.duty_limits import DeadLetterLimits, DutyLimits
from dashstream.engine.head_finder import HeadFinder, HeadSource, LogHeads
from dashstream.engine.letter_sender import LetterSender
from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import LogRecord, NewRecord, partition_of
from dashstream.errors import LogError
from dashstream.protocol.framing import Limits
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import encode

MAX_RECORD = 4096
KINDS = ("frame", "decode", "schema_mismatch", "too_large", "null")


class FakeClock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.time_us = 1_000_000
        self.time_s = 0.0

    def now_us(self) -> int:
        return self.time_us

    def monotonic(self) -> float:
        return self.time_s

    def pass_(self, seconds: float) -> None:
        self.time_s += seconds
        self.time_us += int(seconds * 1e6)


class FakeOwnership:
    """Owns what the test says."""

    def __init__(self, owned: Sequence[int]) -> None:
        self.owned = frozenset(owned)

    async def changed(self, seen: frozenset[int]) -> None:
        raise AssertionError("the test drives the loop by hand")


class FailingSink:
    """A sink in front of the letters that refuses while it is told to."""

    def __init__(self, letters: DeadLetters) -> None:
        self._letters = letters
        self.is_broken = False
        self.attempts = 0

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        self.attempts += 1
        if self.is_broken:
            raise LogError("the letters' log is broken")
        await self._letters.send(letters)


def good(thread: str = "t", sequence: int = 0, *, producer: str = "p", epoch: int = 1, at_us: int = 0) -> bytes:
    """Return a record's value that decodes."""
    header = pb.Header(
        thread_id=thread, sequence=sequence, producer_id=producer, producer_epoch=epoch, timestamp_us=at_us
    )
    return encode(pb.DashStreamMessage(event=pb.Event(header=header)))


def bad(kind: str) -> bytes | None:
    """Return a value that fails as named."""
    newer = pb.DashStreamMessage(event=pb.Event(header=pb.Header(thread_id="newer", tenant_id="x", schema_version=99)))
    values: Mapping[str, bytes | None] = {
        "frame": b"\x07what",
        "decode": b"\x00\xff\xff",
        "schema_mismatch": b"\x00" + newer.SerializeToString(),
        "too_large": b"\x00" + b"x" * MAX_RECORD,
        "null": None,
    }
    return values[kind]


def key_for(partition: int, partitions: int) -> bytes:
    """Return a key that goes to a partition."""
    return next(key for n in range(10_000) if partition_of(key := f"k{n}".encode(), partitions) == partition)


@dataclass
class Rig:
    """A log, its duties, and everything around them; ``restart`` is a crash and a new process."""

    partitions: int = 1
    limits: DutyLimits = field(default_factory=lambda: DutyLimits(commit_interval_s=0))
    letter_limits: DeadLetterLimits = field(default_factory=DeadLetterLimits)
    dense: bool = True
    source: HeadSource | None = None
    retainer: RecordTaker | None = None

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self.log = MemoryLog(LogLimits(partitions=self.partitions), dense=self.dense)
        self.letters_log = MemoryLog(LogLimits(partitions=1), topic="letters")
        self.commits = MemoryCommits()
        self.begin()

    def beside(self) -> Rig:
        """Return another process on the same logs and commits."""
        other = copy(self)
        other.begin()
        return other

    def begin(self) -> None:
        """Be a process of its own."""
        self.taken: list[LogRecord] = []
        self.ownership = FakeOwnership(range(self.partitions))
        self.restart()

    def restart(self, *, is_recreated: bool = False) -> None:
        """Forget all that was only in the process."""
        self.metrics = PrometheusMetrics()
        record_limits = Limits(max_record_bytes=MAX_RECORD)
        self.letters = DeadLetters(self.letters_log, self.log, self.letter_limits, self.clock, instance="i")
        self.sink = FailingSink(self.letters)
        self.sender = LetterSender(self.sink, self.letter_limits, self.metrics)
        self.finder = HeadFinder(
            self.source or LogHeads(self.log),
            self.log,
            self.clock,
            self.metrics,
            budget_s=self.limits.heads_budget_s,
            is_recreated=is_recreated,
        )
        parts = DutyParts(
            log=self.log,
            ownership=self.ownership,
            commits=self.commits,
            finder=self.finder,
            sender=self.sender,
            letters=LetterWriter(self.log, self.letter_limits, record_limits, self.clock, instance="i"),
            clock=self.clock,
            metrics=self.metrics,
            retained=self.retainer or self,
        )
        self.duties = Duties(parts, self.limits, record_limits)

    def own(self, partitions: Collection[int]) -> None:
        """Be the retained tier: nothing to do."""

    def offer(self, records: Sequence[LogRecord]) -> None:
        """Be the retained tier."""
        self.taken += records

    async def append(self, *values: bytes | None, partition: int = 0) -> None:
        """Append values to a partition."""
        key = key_for(partition, self.partitions)
        now = self.clock.now_us()
        records = [NewRecord(key, value or b"", now) for value in values]
        answers = await self.log.append(records)
        for value, answer in zip(values, answers, strict=True):
            if value is None:
                self._make_null(answer.partition, answer.offset)

    def _make_null(self, partition: int, offset: int) -> None:
        part = self.log._partitions[partition]
        index = part.offsets.index(offset)
        part.records[index] = msgspec.structs.replace(part.records[index], value=None)

    async def settle(self) -> None:
        """Let the duties do all that they can do now."""
        await self.duties.start()
        while True:
            await self.duties.follow()
            passed = await self.duties.turn()
            waiting = self.sender.waiting
            if waiting:
                await self.sender.send_batch()
            await self.duties.commit_if_due()
            if not passed and self.sender.waiting == waiting:
                return

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let other tasks run until a condition holds."""
        while not condition():  # noqa: ASYNC110  # the parts under test say nothing of what they did
            await asyncio.sleep(0)

    async def letter_places(self) -> list[tuple[int, int]]:
        """Return partition and offset of all letters, each record once."""
        page = await self.letters.list(LetterQuery(limit=100_000))
        return sorted((letter.partition, int(letter.offset)) for letter in page.letters)

    @property
    def outcomes(self) -> dict[str, int]:
        """Outcomes that are not 0."""
        return {name: count for name, count in self.duties.numbers.outcomes.items() if count}

    def metric(self, line: str) -> float | None:
        """Return the value of a series of the exposition."""
        for found in self.metrics.render().decode().splitlines():
            if found.startswith(f"{line} "):
                return float(found.rpartition(" ")[2])
        return None
