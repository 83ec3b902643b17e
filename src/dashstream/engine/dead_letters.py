"""Dead letters over any ``Log``: written as records, listed newest first, one per place.

Letters about one record have one key. A log that compacts keeps the last of them; here they collapse on reading, so the
answer is the same on each kind of log. What is remembered of a letter is its place on both logs and its reason, for a
bounded number of the newest; letters themselves are read when they are asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from dashstream.engine.dead_letter import DeadLetter, Place, Redrive, decode, encode
from dashstream.engine.duty_limits import DeadLetterLimits
from dashstream.engine.ports import Appended, Clock, Log, LogPage, LogRecord, NewRecord, Watermark
from dashstream.errors import DecodeError, NotFoundError, OffsetOutOfRangeError

PAGE_RECORDS = 500
PAGE_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class LetterQuery:
    """Which letters to list, newest first. ``before`` is the ``next`` of the page before."""

    reason: str | None = None
    partition: int | None = None
    limit: int = 100
    before: Place | None = None


@dataclass(frozen=True, slots=True)
class LetterPage:
    """Letters, and where the next page begins; ``known`` counts all that can be listed."""

    letters: list[DeadLetter]
    next: Place | None
    known: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a letter is on its own log."""

    partition: int
    offset: int
    reason: str


class LettersLog(Protocol):
    """What letters need of their log: a ``Log``, which may become another one of another epoch at any call."""

    @property
    def epoch(self) -> str: ...

    async def append(self, records: Sequence[NewRecord]) -> list[Appended]: ...

    async def read(self, partition: int, offset: int, *, max_records: int, max_bytes: int) -> LogPage: ...

    async def watermarks(self) -> Mapping[int, Watermark]: ...

    async def enforce_retention(self, now_us: int) -> int: ...


class DeadLetters:
    """The letters on a log. ``send`` is the sink of what goes wrong; the rest answers people."""

    def __init__(
        self, letters: LettersLog, source: Log, limits: DeadLetterLimits, clock: Clock, *, instance: str
    ) -> None:
        self._log = letters
        self._source = source
        self._limits = limits
        self._clock = clock
        self._instance = instance
        self._index: dict[Place, _Entry] = {}
        self._positions: dict[int, int] | None = None
        self._epoch = letters.epoch
        self._refreshing = asyncio.Lock()
        self._redriving = asyncio.Lock()

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        """Write letters; all are durable when this returns, and writing one again changes nothing.

        Raises:
            LogError: they could not be written.
        """
        now_us = self._clock.now_us()
        await self._log.append([NewRecord(letter.key_on_log, encode(letter), now_us) for letter in letters])

    async def list(self, query: LetterQuery) -> LetterPage:
        """Return a page of letters, newest first.

        Raises:
            NotFoundError: the place that the page should begin at is not known any more.
            LogError: the log of letters cannot be read.
        """
        await self._refresh()
        found: list[DeadLetter] = []
        for place in islice(self._matching(query), query.limit + 1):
            if len(found) == query.limit:
                return LetterPage(found, found[-1].place, len(self._index))
            if (letter := await self._read(place)) is not None:
                found.append(letter)
        return LetterPage(found, None, len(self._index))

    async def get(self, place: Place) -> DeadLetter:
        """Return the letter about the record at a place.

        Raises:
            NotFoundError: there is none, or none any more.
            LogError: the log of letters cannot be read.
        """
        await self._refresh()
        letter = await self._read(place)
        if letter is None:
            raise NotFoundError(f"no dead letter about {place}")
        return letter

    async def redrive(self, place: Place) -> Redrive:
        """Append the record's exact bytes to its topic again, and note that in its letter.

        The copy is a new record at a new place: it is delivered and judged like any other.

        Raises:
            NotFoundError: there is no such letter.
            ConflictError: the letter does not hold the whole record, or its digest differs.
            LogError: one of the logs failed; after an append that succeeded, the note may be missing.
        """
        async with self._redriving:  # each notes itself beside the ones before
            letter = await self.get(place)
            key, value = letter.original()
            now_us = self._clock.now_us()
            (appended,) = await self._source.append([NewRecord(key, value, now_us)])
            redrive = Redrive(str(now_us), appended.partition, str(appended.offset), self._instance)
            await self.send([letter.with_redrive(redrive)])
            return redrive

    def _matching(self, query: LetterQuery) -> Iterator[Place]:
        if query.before is not None and query.before not in self._index:
            raise NotFoundError(f"no dead letter about {query.before}")
        skipping = query.before is not None
        for place, entry in [*reversed(self._index.items())]:
            if skipping:
                skipping = place != query.before
            elif query.reason in {None, entry.reason} and query.partition in {None, place.partition}:
                yield place

    async def _read(self, place: Place) -> DeadLetter | None:
        """Return the letter about the record at a place, None if there is none or none any more."""
        if (entry := self._index.get(place)) is None:
            return None
        records: Sequence[LogRecord] = ()
        with suppress(OffsetOutOfRangeError):  # retention has removed it
            records = await self._log.read(entry.partition, entry.offset, max_records=1, max_bytes=PAGE_BYTES)
        if records and records[0].offset == entry.offset and records[0].value is not None:
            letter = decode(records[0].value)
            if letter.place == place:  # the log may have been made anew meanwhile
                return letter
        if self._index.get(place) is entry:  # it may have been written again meanwhile
            del self._index[place]
        return None

    async def _refresh(self) -> None:
        """Take note of letters that were written since, by whomever."""
        async with self._refreshing:
            marks = await self._log.watermarks()
            if self._epoch != self._log.epoch:
                self._epoch, self._positions = self._log.epoch, None
                self._index.clear()
            if self._positions is None:
                self._positions = {p: max(mark.low, mark.high - self._limits.listed) for p, mark in marks.items()}
            for partition, mark in marks.items():
                position = max(self._positions.get(partition, 0), mark.low)
                while position < mark.high:
                    page = await self._log.read(partition, position, max_records=PAGE_RECORDS, max_bytes=PAGE_BYTES)
                    for record in page:
                        self._note(record)
                    if page.reached[partition] == position:
                        break
                    position = page.reached[partition]
                self._positions[partition] = position

    def _note(self, record: LogRecord) -> None:
        if record.value is None:
            return
        try:
            letter = decode(record.value)
        except DecodeError:
            return  # somebody else wrote to this log
        self._index[letter.place] = _Entry(record.partition, record.offset, letter.reason)
        while len(self._index) > self._limits.listed:
            del self._index[next(iter(self._index))]
