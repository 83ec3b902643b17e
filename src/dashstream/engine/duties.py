"""What the owner of a partition does once for all gateways: classify, dead-letter, feed the retained tier, commit.

One loop walks all owned partitions in turn, apart from live delivery, which begins at the heads on every gateway and
never waits for any of this. Per partition: read from the commit on (none: the earliest), judge each record, stop where
the policy says so, offer dead letters, hand the records to the retained tier, and commit what is settled.

A stop, a full queue of dead letters, or an unknown head holds one partition and no other. After an error the supervisor
runs the loop again; it goes on where each walk is. A record may be examined twice after a crash, between the last
commit and the end; its dead letter has the same key then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import structlog

from dashstream.engine.classify import Unreadable, read
from dashstream.engine.commits import Commit, Commits
from dashstream.engine.dead_letter import LetterWriter, Place
from dashstream.engine.duty_limits import DutyLimits
from dashstream.engine.duty_metrics import DutyMetrics
from dashstream.engine.duty_walk import DutyWalk, Pause
from dashstream.engine.head_finder import HeadFinder
from dashstream.engine.letter_sender import LetterSender
from dashstream.engine.outcomes import Action, Age, Judgement, judge
from dashstream.engine.ownership import Ownership
from dashstream.engine.ports import Clock, Log, LogRecord, Metrics
from dashstream.engine.reading import Reading
from dashstream.engine.sequence_audit import SequenceAudit
from dashstream.errors import ConflictError, LogError, NotFoundError, OffsetOutOfRangeError
from dashstream.protocol.framing import Limits

_log = structlog.get_logger(__name__)

CALLED_FOR_NOTHING_S = 0.01
"""Pause when the log says that there is more and gives nothing, as it may while a transaction is open."""
FEW = 2
"""The walk rests after less than this part of a full page: it keeps up, and every turn has its price."""
PAGES_IN_A_ROW = 8
"""Pages that begin with one partition before another one is first: a log far behind reads on where it is cheaply."""
OLD_BY_TIME_US = 3_600_000_000
"""A new record whose stamp is older than this is counted as suspicious, and changes nothing else."""


class RecordTaker(Protocol):
    """The writer of the retained tier; it never makes the walk wait and never raises."""

    def own(self, partitions: Collection[int]) -> None:
        """Write these partitions from now on, and no others."""

    def offer(self, records: Sequence[LogRecord]) -> None:
        """Take records of owned partitions: since a partition was gained, all that the log has of it, in order."""


@dataclass(frozen=True, slots=True)
class DutyParts:
    """What the duties are made of."""

    log: Log
    ownership: Ownership
    commits: Commits
    finder: HeadFinder
    sender: LetterSender
    letters: LetterWriter
    clock: Clock
    metrics: Metrics
    retained: RecordTaker | None = None


class Duties:
    """The walks of the partitions owned now."""

    def __init__(self, parts: DutyParts, limits: DutyLimits, record_limits: Limits) -> None:
        self._log = parts.log
        self._ownership = parts.ownership
        self._commits = parts.commits
        self._finder = parts.finder
        self._sender = parts.sender
        self._letters = parts.letters
        self._retained = parts.retained
        self._clock = parts.clock
        self._limits = limits
        self._policies = limits.policies
        self._record_limits = record_limits
        self._audit = SequenceAudit(limits.sequence_counters, parts.metrics)
        self.numbers = DutyMetrics(parts.metrics)
        self._walks: dict[int, DutyWalk] = {}
        self._loaded: dict[int, Commit | None] = {}
        self._saved: dict[int, Commit] = {}
        self._commit_due = self._clock.monotonic() + limits.commit_interval_s
        self._turn = 0
        self._wake = asyncio.Event()
        self._retrying: asyncio.Task[None] | None = None
        self.is_started = False
        self.commit_error: str | None = None
        self.on_pause_changed: Callable[[], None] = lambda: None
        self.on_progress: Callable[[], None] = lambda: None
        """Called whenever the log was read."""
        self._sender.on_settled = self._settle

    @property
    def walks(self) -> Mapping[int, DutyWalk]:
        """The walks of the owned partitions whose heads are known."""
        return self._walks

    @property
    def pauses(self) -> list[Pause]:
        """What is stopped now."""
        return [walk.paused for _, walk in sorted(self._walks.items()) if walk.paused is not None]

    @property
    def heads_unresolved(self) -> int:
        """Partitions whose heads are not known."""
        return self._finder.unresolved

    def resume(self, partition: int) -> Pause:
        """Let the record that a partition is stopped at pass, as if its policy were to skip.

        Raises:
            NotFoundError: this gateway does not own the partition.
            ConflictError: the partition is not stopped.
        """
        walk = self._walks.get(partition)
        if walk is None:
            raise NotFoundError(f"this gateway does not own partition {partition}")
        pause = walk.resume()
        if pause is None:
            raise ConflictError(f"partition {partition} is not paused")
        _log.info("partition_resumed", partition=partition, offset=pause.offset, reason=pause.reason)
        self._tell_pauses()
        self._wake.set()
        return pause

    async def start(self) -> None:
        """Find the heads as of now, within their budget; does nothing the second time."""
        if not self.is_started:
            await self._finder.start()
            self.is_started = True

    async def run(self) -> None:
        """Do the duties until cancelled.

        Raises:
            LogError: the log or the commits cannot be read; call again to go on.
        """
        await self.start()
        while True:
            await self.follow()
            await self.commit_if_due()
            if not await self._wait():
                continue
            passed = await self.turn()
            if not passed:
                await asyncio.sleep(CALLED_FOR_NOTHING_S)
            elif passed < self._limits.page_records // FEW:
                await asyncio.sleep(self._limits.rest_s)

    async def stop(self) -> None:
        """Within the stop's time: write the dead letters that are waiting, and commit what is settled."""
        if self._retrying is not None:
            self._retrying.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.stop_s):
                await self._sender.flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.stop_s):
                await self.commit()

    async def follow(self) -> None:
        """Begin what was gained, drop what was lost."""
        owned = self._ownership.owned
        for partition in self._walks.keys() - owned:
            self._drop(partition)
        self._loaded = {partition: commit for partition, commit in self._loaded.items() if partition in owned}
        if self._retained is not None:
            self._retained.own(owned)
        self._retry_heads()
        gained = owned - self._walks.keys()
        if unknown := gained - self._loaded.keys():
            found = await self._commits.load(unknown)
            self._loaded.update({partition: found.get(partition) for partition in unknown})
        for partition in sorted(gained):
            self._claim(partition, self._loaded[partition])
        self.numbers.show_totals(owned=len(owned), paused=len(self.pauses))

    async def turn(self) -> int:
        """Take one page of the partitions that can go on; return how many offsets were passed."""
        positions = self._positions_in_turn()
        if not positions:
            return 0
        try:
            found = await self._log.read_many(
                positions, max_records=self._limits.page_records, max_bytes=self._limits.page_bytes
            )
        except OffsetOutOfRangeError as error:
            self._skip_removed(self._walks[error.partition], error.low)
            return 1
        self.on_progress()
        pages: dict[int, list[LogRecord]] = {partition: [] for partition in positions}
        for record in found:
            pages[record.partition].append(record)
        passed = 0
        for partition, page in pages.items():
            walk = self._walks[partition]
            if await self._take(walk, page):
                walk.advance(found.reached[partition])
            if walk.position > positions[partition]:
                passed += walk.position - positions[partition]
                self.numbers.show(walk)
        self.numbers.publish()
        self._audit.publish()
        await asyncio.sleep(0)
        return passed

    async def commit_if_due(self) -> None:
        """Commit what is settled, at most once per interval."""
        if self._clock.monotonic() >= self._commit_due and self._uncommitted():
            self._commit_due = self._clock.monotonic() + self._limits.commit_interval_s
            await self.commit()

    async def commit(self) -> None:
        """Commit what is settled and not committed yet; a failure is counted, and tried again when due."""
        fresh = self._uncommitted()
        if not fresh:
            return
        try:
            await self._commits.save(fresh)
        except LogError as error:
            self.commit_error = str(error)
            self.numbers.commits_failed.inc()
        else:
            self.commit_error = None
            self._saved.update(fresh)
            for partition in fresh.keys() & self._walks.keys():
                self.numbers.show(self._walks[partition])

    def _uncommitted(self) -> dict[int, Commit]:
        owned = self._ownership.owned  # it may have changed since the walks followed it
        return {p: walk.commit for p, walk in self._walks.items() if p in owned and self._saved.get(p) != walk.commit}

    def _retry_heads(self) -> None:
        """Ask for missing heads beside the loop: a log that hangs must not hold the partitions that are known."""
        self._finder.note_growth()
        if self._finder.wait_s == 0 and (self._retrying is None or self._retrying.done()):
            self._retrying = asyncio.create_task(self._finder.retry())
            self._retrying.add_done_callback(lambda _: self._wake.set())

    def _claim(self, partition: int, commit: Commit | None) -> None:
        if commit is not None:
            start = commit if commit.epoch == self._log.epoch else Commit(0, 0, self._log.epoch)
            self._finder.adopt(partition, start.head)
        elif (head := self._finder.heads.get(partition)) is not None:
            start = Commit(0, head, self._log.epoch)
        else:
            return
        if start == commit:
            self._saved[partition] = commit
        else:
            self._commit_due = 0.0  # the group's head has to be kept before anything else happens
        self._walks[partition] = DutyWalk(partition, start.epoch, position=start.position, head=start.head)
        self.numbers.show(self._walks[partition])

    def _drop(self, partition: int) -> None:
        walk = self._walks.pop(partition)
        self._saved.pop(partition, None)
        self.numbers.hide(partition)
        if walk.paused is not None:
            self._tell_pauses()

    def _positions_in_turn(self) -> dict[int, int]:
        """Return the next offsets of walks that can go on, another one first every few times."""
        positions = [(p, walk.position) for p, walk in sorted(self._walks.items()) if walk.can_walk]
        if not positions:
            return {}
        self._turn += 1
        first = self._turn // PAGES_IN_A_ROW % len(positions)
        return dict(positions[first:] + positions[:first])

    def _skip_removed(self, walk: DutyWalk, low: int) -> None:
        if walk.position:  # else it begins here, and what was removed before has never been its to examine
            self.numbers.skipped.inc(low - walk.position)
        walk.advance(low)

    async def _take(self, walk: DutyWalk, records: Sequence[LogRecord]) -> bool:
        """Examine a page's records in order, up to where the walk has to hold; return whether all were passed."""
        passed = 0
        try:
            while passed < len(records):
                passed += self._pass_readable(walk, records, passed)
                if passed < len(records):
                    if not await self._pass_unreadable(walk, records[passed]):
                        return False
                    passed += 1
        finally:
            if passed and self._retained is not None:
                self._retained.offer(records[:passed])
        return True

    def _pass_readable(self, walk: DutyWalk, records: Sequence[LogRecord], start: int) -> int:
        """Pass the records from ``start`` on that can be read, up to one that cannot; return how many they are."""
        found: list[Reading] = []
        aged = 0
        late = self._clock.now_us() - OLD_BY_TIME_US
        for record in islice(records, start, None):
            reading = record.reading or read(record, self._record_limits)
            if isinstance(reading, Unreadable):
                break
            found.append(reading)
            if record.offset >= walk.head:
                aged += 1
                self.numbers.old_by_time += 0 < reading.timestamp_us < late
        if found:
            self._audit.observe_page(found)
            self.numbers.count_readable(old=len(found) - aged, new=aged)
            walk.advance(records[start + len(found) - 1].offset + 1)
        return len(found)

    async def _pass_unreadable(self, walk: DutyWalk, record: LogRecord) -> bool:
        """Do what is due about a record that cannot be read; return whether the walk has passed it."""
        found = read(record, self._record_limits)
        assert isinstance(found, Unreadable)  # noqa: S101  # else it would have been passed
        reason, judgement = found.reason, judge(found.reason, walk.age_of(record.offset), self._policies)
        if not await self._may_pass(walk, record, reason, judgement):
            return False
        self.numbers.count(judgement, reason)
        if judgement.age is Age.NEW:
            self.numbers.old_by_time += 0 < record.timestamp_us < self._clock.now_us() - OLD_BY_TIME_US
        walk.advance(record.offset + 1)
        return True

    async def _may_pass(self, walk: DutyWalk, record: LogRecord, reason: str, judgement: Judgement) -> bool:
        """Write its letter, or stop before it; return whether the walk may pass it."""
        if walk.stops_at(record.offset, judgement):
            self._stop(walk, record.offset, reason)
            return False
        return judgement.action is Action.PASS or await self._dead_letter(walk, record, reason)

    def _stop(self, walk: DutyWalk, offset: int, reason: str) -> None:
        pause = walk.stop(offset, reason, self._clock.now_us())
        _log.warning("partition_paused", partition=walk.partition, offset=offset, reason=pause.reason)
        self._tell_pauses()

    def _tell_pauses(self) -> None:
        self.numbers.show_totals(owned=len(self._ownership.owned), paused=len(self.pauses))
        self.on_pause_changed()

    async def _dead_letter(self, walk: DutyWalk, record: LogRecord, reason: str) -> bool:
        """Offer the letter about a record; return False if it has to wait for room."""
        if not self._sender.has_room:
            self._sender.refuse()
            walk.is_blocked = self._sender.waits_for_room
            return not walk.is_blocked
        letter = await self._letters.write(record, reason)
        walk.expect(record.offset)
        self._sender.offer(letter)
        return True

    def _settle(self, place: Place) -> None:
        walk = self._walks.get(place.partition)
        if walk is not None and walk.epoch == place.epoch:
            walk.settle(place.offset)
        for each in self._walks.values():
            each.is_blocked = False
        self._wake.set()

    async def _wait(self) -> bool:
        """Return when there may be something to do, and whether it was the log that called."""
        waits = (
            self._log.wait_beyond({p: walk.position for p, walk in self._walks.items() if walk.can_walk}),
            self._ownership.changed(self._ownership.owned),
            self._wake.wait(),
        )
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        try:
            done, _ = await asyncio.wait(tasks, timeout=self._timeout(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._wake.clear()
        for task in done:
            task.result()
        return tasks[0] in done

    def _timeout(self) -> float | None:
        """Return the seconds until something is due by itself, or None."""
        is_asking = self._retrying is not None and not self._retrying.done()
        due = [] if self._finder.wait_s is None or is_asking else [self._finder.wait_s]
        if self._uncommitted():
            due.append(max(0.0, self._commit_due - self._clock.monotonic()))
        return min(due, default=None)
