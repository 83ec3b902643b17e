"""Reading runs back: the index says where the records are, the log has them.

Everything here is bounded: a page by records and bytes, a state by its nearest checkpoint. Work that grows
with a state's size runs in a thread, so that one large state does not delay everybody's live delivery.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass

from dashstream.engine.classify import classify
from dashstream.engine.items import Item, items_of
from dashstream.engine.ports import Log, LogRecord
from dashstream.engine.reading import RecordHead, tenants_of
from dashstream.engine.run_index import RecordEntry, RecordPlace, RecordQuery, RunIndex
from dashstream.engine.run_state import StateAt, StateFold
from dashstream.errors import NotFoundError, OffsetOutOfRangeError, RecordError
from dashstream.protocol.framing import Limits
from dashstream.protocol.patch import Op, diff
from dashstream.protocol.proto_codec import decode

READ_RECORDS = 2_000
READ_BYTES = 16 << 20
MAX_HOLE = 64
"""Foreign records that are read along rather than starting another read."""
PAGE_BYTES = 4 << 20
"""A page of events ends early above this many bytes of records."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One message of a run: what the index knows, and the message itself (None: it does not decode any
    more).
    """

    partition: int
    entry: RecordEntry
    item: Item | None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Messages in order, and where the next page begins."""

    rows: list[EventRow]
    next: RecordPlace | None


@dataclass(frozen=True, slots=True)
class StateDifference:
    """How one state becomes another."""

    before: StateAt
    after: StateAt
    operations: list[Op]


class RunReader:
    """Answers that need both the index and the log."""

    def __init__(self, log: Log, index: RunIndex, limits: Limits) -> None:
        self._log = log
        self._index = index
        self._limits = limits

    async def events(self, query: RecordQuery) -> EventPage:
        """Return a page of a run's messages.

        Raises:
            NotFoundError: no such run.
        """
        run = await self._index.run(query.run_id)
        if run is None:
            raise NotFoundError(f"no run {query.run_id!r}")
        more = RecordQuery(query.run_id, query.start, query.kinds, query.node, query.limit + 1)
        entries = await self._index.records(more)
        shown = entries[: query.limit]
        records: dict[int, LogRecord] = {}
        total = 0
        wanted = [entry.place.offset for entry in shown]
        with suppress(OffsetOutOfRangeError):
            async with aclosing(self._read(run.partition, wanted)) as found:
                async for record in found:
                    records[record.offset] = record
                    total += len(record.value or b"")
                    if total > PAGE_BYTES:
                        shown = [entry for entry in shown if entry.place.offset <= record.offset]
                        break
        rows = await asyncio.to_thread(self._rows, run.partition, shown, records)
        following = entries[len(shown)].place if len(shown) < len(entries) else None
        return EventPage(rows, following)

    async def state(self, run_id: str, ns: str, sequence: int | None) -> StateAt:
        """Return the state at or before a sequence; None is the last.

        Raises:
            NotFoundError: no such run, or it has no whole state there, or retention has removed it.
        """
        places = await self._index.state_places(run_id, ns, sequence)
        if places is None:
            raise NotFoundError(f"no run {run_id!r}")
        if not places.offsets:
            raise NotFoundError(f"run {run_id!r} has no state there")
        try:
            records = [record async for record in self._read(places.partition, places.offsets)]
        except OffsetOutOfRangeError as error:
            raise NotFoundError("the state is not retained any more") from error
        fold = await asyncio.to_thread(self._fold_state, records, run_id, ns, sequence)
        if fold.current is None:
            raise NotFoundError(f"run {run_id!r} has no state there")
        return fold.current

    async def difference(self, run_id: str, ns: str, before: int | None, after: int | None) -> StateDifference:
        """Return the operations from one state to another; ``before`` None is the state just before
        ``after``.

        Raises:
            NotFoundError: one of the states is not there.
        """
        new = await self.state(run_id, ns, after)
        if before is None:
            before = await self._index.previous_transition(run_id, ns, new.sequence)
            if before is None:
                raise NotFoundError(f"run {run_id!r} has no state before sequence {new.sequence}")
        old = await self.state(run_id, ns, before)
        operations = await asyncio.to_thread(diff, old.value, new.value)
        return StateDifference(old, new, operations)

    async def values(self, run_id: str, tenants: frozenset[str] | None = None) -> AsyncIterator[bytes]:
        """Yield the records of a run as they are on the log, in order; of ``tenants`` alone if that is given.

        Raises:
            NotFoundError: no such run.
        """
        run = await self._index.run(run_id)
        if run is None:
            raise NotFoundError(f"no run {run_id!r}")
        start = RecordPlace(0)
        last_offset = -1
        while True:
            entries = await self._index.records(RecordQuery(run_id, start, limit=READ_RECORDS))
            if not entries:
                return
            async for record in self._read(run.partition, [entry.place.offset for entry in entries]):
                if record.value is not None and record.offset > last_offset:
                    last_offset = record.offset
                    if tenants is None or self._is_of(record, tenants):
                        yield record.value
            end = entries[-1].place
            start = RecordPlace(end.sequence, end.offset, end.index + 1)

    async def _read(self, partition: int, offsets: Sequence[int]) -> AsyncGenerator[LogRecord, None]:
        """Yield the records at the offsets, ascending, each once; what is gone is left out."""
        wanted = set(offsets)
        for first, last in _ranges(sorted(wanted)):
            position = first
            while position <= last:
                page = await self._log.read(
                    partition,
                    position,
                    max_records=min(READ_RECORDS, last - position + 1),
                    max_bytes=READ_BYTES,
                )
                for record in page:
                    if record.offset in wanted:
                        yield record
                if page.reached[partition] == position:
                    break
                position = page.reached[partition]

    def _is_of(self, record: LogRecord, tenants: frozenset[str]) -> bool:
        """Whether all that a record holds is of these tenants: a batch is passed on whole or not at all."""
        head = classify(record, self._limits)
        return isinstance(head, RecordHead) and tenants.issuperset(tenants_of(head))

    def _items(self, record: LogRecord) -> list[Item]:
        if record.value is None:
            return []
        try:
            return list(items_of(decode(record.value, self._limits), record.partition, record.offset))
        except RecordError:
            return []

    def _rows(self, partition: int, entries: list[RecordEntry], records: dict[int, LogRecord]) -> list[EventRow]:
        items: dict[int, list[Item]] = {}
        rows = []
        for entry in entries:
            offset = entry.place.offset
            if offset not in items:
                items[offset] = self._items(records[offset]) if offset in records else []
            found = next((item for item in items[offset] if item.index == entry.place.index), None)
            rows.append(EventRow(partition, entry, found))
        return rows

    def _fold_state(self, records: Iterable[LogRecord], run_id: str, ns: str, sequence: int | None) -> StateFold:
        fold = StateFold()
        for record in records:
            for item in self._items(record):
                header = item.header
                ours = item.run_id == run_id and header.checkpoint_ns == ns
                if ours and (sequence is None or header.sequence <= sequence):
                    fold.apply(item)
        return fold


def _ranges(offsets: Sequence[int]) -> list[tuple[int, int]]:
    """Join ascending offsets into few ranges (first, last) with small holes."""
    ranges: list[tuple[int, int]] = []
    for offset in offsets:
        if ranges and offset - ranges[-1][1] <= MAX_HOLE:
            ranges[-1] = (ranges[-1][0], offset)
        else:
            ranges.append((offset, offset))
    return ranges
