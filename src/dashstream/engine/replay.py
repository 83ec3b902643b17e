"""The walk of a cursor from where it is up to the ring's end, across log, retained tier and ring, joined by range.

::

    IDLE ──► PAGING ──► JOINING ──► LIVE
               ▲  log,     │  ring
               │  retained │
               └───────────┘  the ring has moved on

PAGING: some partition's next offset is below what the ring holds; pages come from the retained tier, where there is
one and it has them without a hole, else from the log, and end where the next tier begins. JOINING: every partition
is within the ring; pages come from its lanes, without awaiting anything. LIVE: every next offset equals the ring's;
from here the subscriber follows the ring by arrival.

Laws:

1. The position of a partition only rises, by the records of a page, by a hole, or over records that do not pass.
2. The walk never reads beyond what is ingested, so what the ring adds later is never delivered twice.
3. An offset below the low watermark is a hole ``not_retained``. Where the log is dense, an offset that is missing
   between others is a hole ``lost``; elsewhere it means nothing.
4. The retained tier only shortens the way: what it has not, or says nothing about, is asked of the log, and only the
   log can say that something is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from enum import StrEnum

from dashstream.engine.classify import Unreadable, classify
from dashstream.engine.page import Page, PageBuilder
from dashstream.engine.ports import Log, LogRecord
from dashstream.engine.retained import RetainedReader, Stretch
from dashstream.engine.ring import Entry, Hole, Item, Ring
from dashstream.engine.selection import Selection
from dashstream.errors import OffsetOutOfRangeError
from dashstream.protocol.codes import GapReason
from dashstream.protocol.framing import Limits

PAGE_RECORDS = 5_000
"""Most records looked at for one page."""
_NOT_ASKED = Unreadable("not_asked", "")
"""The head of a record whose head nobody asks for: where everything passes, decoding it would cost most of a replay."""


class ReplayPhase(StrEnum):
    """Where the walk is."""

    IDLE = "idle"
    PAGING = "paging"
    JOINING = "joining"
    LIVE = "live"


class Tier(StrEnum):
    """Where a page came from."""

    MEMORY = "memory"
    RETAINED = "retained"
    LOG = "log"


class Replay:
    """One walk. The caller asks for a page when the client can take one, until the walk has joined."""

    def __init__(  # noqa: PLR0913  # what a walk needs, most of it by name
        self,
        log: Log,
        ring: Ring,
        selection: Selection,
        positions: Mapping[int, int],
        *,
        page_bytes: int,
        record_limits: Limits,
        reads: asyncio.Semaphore,
        delivered: Mapping[int, int] | None = None,
        retained: RetainedReader | None = None,
    ) -> None:
        self._log = log
        self._ring = ring
        self._selection = selection
        self._passes_all = selection.passes_all
        self._page_bytes = page_bytes
        self._record_limits = record_limits
        self._reads = reads
        self._retained = retained
        self._log_until: dict[int, int] = {}
        self._last = {partition: following - 1 for partition, following in (delivered or {}).items()}
        self._turn = 0
        self.positions = dict(positions)
        self.phase = ReplayPhase.IDLE
        self.tier = Tier.LOG

    @property
    def is_ahead(self) -> bool:
        """Whether the cursor is beyond what is ingested, so that there is nothing to do but wait."""
        return any(offset > self._ring.positions.get(partition, 0) for partition, offset in self.positions.items())

    async def next_page(self) -> Page | None:
        """Return the next page, or None when there is none now.

        None with the phase LIVE: the walk has joined the ring's end, as long as the caller awaits nothing before it
        follows the ring. None with another phase: the cursor is ahead of the ring.

        Raises:
            LogError: the log could not be read; the walk can go on from where it is.
        """
        partition = self._behind()
        if partition is None:
            self.phase = ReplayPhase.JOINING if self.is_ahead else ReplayPhase.LIVE
            return None
        if self.positions[partition] >= self._ring.low(partition):
            self.phase, self.tier = ReplayPhase.JOINING, Tier.MEMORY
            page = self._ring_page(partition)
        else:
            self.phase = ReplayPhase.PAGING
            page = await self._retained_page(partition) or await self._log_page(partition)
        for advanced, offset in page.advance.items():
            self.positions[advanced] = max(self.positions[advanced], offset)
        return page

    def _behind(self) -> int | None:
        """Return a partition that is behind the ring; those that need the log first, then in turn."""
        targets = self._ring.positions
        # A partition that the walk has never heard of was added after its start: all of it is new.
        behind = [
            partition for partition, target in targets.items() if self.positions.setdefault(partition, 0) < target
        ]
        if not behind:
            return None
        paging = [partition for partition in behind if self.positions[partition] < self._ring.low(partition)]
        self._turn += 1
        choice = paging or behind
        return choice[self._turn % len(choice)]

    def _ring_page(self, partition: int) -> Page:
        start = self.positions[partition]
        items = list(self._ring.lane(partition, start, PAGE_RECORDS))
        if not items:  # the ring has passed offsets without records
            return Page(advance={partition: self._ring.positions[partition]})
        return self._build(partition, start, items)

    async def _retained_page(self, partition: int) -> Page | None:
        """Return what the retained tier has at the position; None and how far the log has to be read, if nothing."""
        start = self.positions[partition]
        if self._retained is None or start < self._log_until.get(partition, 0):
            return None
        stretch = await self._retained.read(partition, start, max_records=PAGE_RECORDS, max_bytes=self._page_bytes)
        bound = self._ring.low(partition)
        begin = bound if stretch is None else self._begin(stretch)
        if stretch is None or begin > start:
            self._log_until[partition] = min(begin, bound)
            return None
        self.tier = Tier.RETAINED
        if stretch.records[0].offset >= bound:
            return Page(advance={partition: bound})
        return self._build(partition, start, self._retained_entries(stretch, bound))

    def _begin(self, stretch: Stretch) -> int:
        """Return where a stretch can be used from: where each offset should have a record, the log judges holes."""
        return stretch.records[0].offset if self._log.dense else stretch.start

    def _retained_entries(self, stretch: Stretch, bound: int) -> Iterable[Item]:
        expected = stretch.records[0].offset
        for record in stretch.records:
            if record.offset >= bound or (self._log.dense and record.offset > expected):
                return
            yield self._entry(record)
            expected = record.offset + 1

    async def _log_page(self, partition: int) -> Page:
        self.tier = Tier.LOG
        start = self.positions[partition]
        try:
            async with self._reads:
                page = await self._log.read(partition, start, max_records=PAGE_RECORDS, max_bytes=self._page_bytes)
        except OffsetOutOfRangeError as error:
            return self._hole_page(partition, start, min(error.low, self._bound(partition)), GapReason.NOT_RETAINED)
        bound = self._bound(partition)
        if not page or page[0].offset >= bound:
            passed = page[0].offset if page else page.reached[partition]
            # A log that ends below what was ingested has lost it, dense or not.
            if self._log.dense or passed == start:
                return self._hole_page(partition, start, bound, GapReason.LOST)
            return Page(advance={partition: min(passed, bound)})
        return self._build(partition, start, self._entries(page, start, bound))

    def _bound(self, partition: int) -> int:
        """Return where the tier that comes after the log begins."""
        bound = self._ring.low(partition)
        return bound if self._retained is None else min(bound, self._log_until[partition])

    def _entries(self, records: Iterable[LogRecord], start: int, bound: int) -> Iterable[Item]:
        expected = start
        for record in records:
            if record.offset >= bound:
                return
            if self._log.dense and record.offset > expected:
                yield _hole(record.partition, expected, record.offset, GapReason.LOST, dense=True)
            yield self._entry(record)
            expected = record.offset + 1

    def _entry(self, record: LogRecord) -> Entry:
        """Return an entry after the one that was delivered last; whom it is for is found out only if it is asked."""
        head = _NOT_ASKED if self._passes_all else classify(record, self._record_limits)
        return Entry.of(record, head, self._last.get(record.partition))

    def _build(self, partition: int, start: int, items: Iterable[Item]) -> Page:
        """Fill a page; it ends before the first item that does not fit, or after the first hole."""
        builder = PageBuilder(self._page_bytes)
        reached = start
        for item in items:
            if isinstance(item, Hole):
                builder.page.hole = Hole(
                    partition, max(item.offset, start), item.end, item.reason, _count_from(item, start)
                )
                return builder.finish()
            if self._passes_all or self._selection.passes(item.head):
                last = self._last.get(partition)
                if not builder.add(item, item.lead_after(last)):
                    break
                self._last[partition] = item.offset
            reached = item.end
        return builder.finish([(partition, reached)])

    def _hole_page(self, partition: int, start: int, end: int, reason: GapReason) -> Page:
        hole = _hole(partition, start, end, reason, dense=self._log.dense)
        return Page(hole=hole, advance={partition: end})


def _hole(partition: int, start: int, end: int, reason: GapReason, *, dense: bool) -> Hole:
    return Hole(partition, start, end, reason, end - start if dense else None)


def _count_from(hole: Hole, start: int) -> int | None:
    return None if hole.count is None else hole.end - max(hole.offset, start)
