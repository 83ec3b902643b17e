"""The pump: log to ring. Reads what is new, finds out whom it is for, and wakes the hub.

It begins at the log's heads; what is older is replayed from the log. A record that cannot be read is delivered as it
is and counted by reason. A range that is not in the log any more becomes a hole in the ring. After an error the
supervisor runs the pump again; it goes on where the ring ends, so nothing is skipped or doubled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from dashstream.engine.classify import UNREADABLE_REASONS, Unreadable, read
from dashstream.engine.hub import Hub
from dashstream.engine.limits import IngestLimits
from dashstream.engine.ports import Log, LogRecord, Metrics
from dashstream.engine.reading import RecordHead
from dashstream.engine.ring import Hole, Ring
from dashstream.errors import OffsetOutOfRangeError
from dashstream.protocol.codes import GapReason
from dashstream.protocol.framing import Limits


class IngestPump:
    """Moves records from the log into the ring, forever."""

    def __init__(
        self,
        log: Log,
        ring: Ring,
        hub: Hub,
        limits: IngestLimits,
        metrics: Metrics,
        *,
        tap: Callable[[Sequence[LogRecord]], None] | None = None,
        begin: Mapping[int, int] | None = None,
    ) -> None:
        """``tap`` is shown what was moved, read where it can be; it must not wait or raise.

        ``begin``: where to begin; None asks the log.
        """
        self._log = log
        self._ring = ring
        self._hub = hub
        self._limits = limits
        self._tap = tap
        self.on_progress: Callable[[], None] = lambda: None
        """Called whenever the log was read."""
        self._begin = begin
        self._record_limits = Limits(max_record_bytes=limits.max_record_bytes)
        self._turn = 0
        self._ingested = metrics.counter("dashstream_records_ingested_total", "Records read from the log into the ring")
        self._unreadable = metrics.counter(
            "dashstream_records_unreadable_total",
            "Records read from the log that cannot be decoded; they are delivered as they are",
            {"reason": UNREADABLE_REASONS},
        )
        self._lost = metrics.counter("dashstream_offsets_lost_total", "Offsets that the log should have and has not")
        self._ring_bytes = metrics.gauge("dashstream_ring_bytes", "Bytes of the newest records held in memory")
        self._ring_records = metrics.gauge("dashstream_ring_records", "Newest records held in memory")

    @property
    def is_started(self) -> bool:
        """Whether the heads are known, so that subscriptions can be served."""
        return bool(self._ring.positions)

    async def start(self) -> None:
        """Find the heads, unless they are known; does nothing the second time.

        Raises:
            LogError: the log cannot be read.
        """
        if self.is_started:
            return
        if self._begin is not None:
            self._ring.start(self._begin, {})
            return
        marks = await self._log.watermarks()
        before = {p: mark.high - 1 for p, mark in marks.items() if self._log.dense and mark.high > mark.low}
        self._ring.start({partition: mark.high for partition, mark in marks.items()}, before)

    async def run(self) -> None:
        """Pump until cancelled.

        Raises:
            LogError: the log cannot be read; call again to go on.
        """
        await self.start()
        while True:
            self._ring.add_partitions(self._log.partition_count)
            await self._log.wait_beyond(self._ring.positions)
            await self.pump_once()

    async def pump_once(self) -> int:
        """Take one page of what is new; return how many records."""
        try:
            page = await self._log.read_many(
                self._positions_in_turn(),
                max_records=self._limits.page_records,
                max_bytes=self._limits.page_bytes,
            )
        except OffsetOutOfRangeError as error:
            self._note_hole(error.partition, error.low, GapReason.NOT_RETAINED)
            self._hub.notify()
            return 0
        self.on_progress()
        self._take(page)
        self._pass_empty(page.reached)
        if not page:
            await asyncio.sleep(0)  # whatever the log says, others get their turn
        self._hub.notify()
        return len(page)

    def _positions_in_turn(self) -> dict[int, int]:
        """Return the next offsets, another partition first each time: none waits behind a busy one."""
        positions = list(self._ring.positions.items())
        self._turn = (self._turn + 1) % len(positions)
        return dict(positions[self._turn :] + positions[: self._turn])

    def _take(self, records: Sequence[LogRecord]) -> None:
        moved: list[LogRecord] = []
        self._ring.extend(self._entries(records, moved))
        self._ingested.inc(len(records))
        self._ring_bytes.set(self._ring.bytes)
        self._ring_records.set(len(self._ring))
        if self._tap is not None:
            self._tap(moved)

    def _entries(
        self, records: Sequence[LogRecord], moved: list[LogRecord]
    ) -> Iterator[tuple[LogRecord, RecordHead | Unreadable]]:
        """Yield records with what they are about, and note the holes before them; ``moved`` gets what the tap sees."""
        positions, dense = self._ring.positions, self._log.dense
        for record in records:
            if dense and record.offset > positions[record.partition]:
                self._note_hole(record.partition, record.offset, GapReason.LOST)
            found = record.reading or read(record, self._record_limits)
            if isinstance(found, Unreadable):
                self._unreadable.inc(reason=found.reason)
                yield record, found
            else:
                yield record, found.head
            if self._tap is not None:
                is_fresh = record.reading is None and not isinstance(found, Unreadable)
                moved.append(msgspec.structs.replace(record, reading=found) if is_fresh else record)

    def _note_hole(self, partition: int, end: int, reason: GapReason) -> None:
        start = self._ring.positions[partition]
        count = end - start if self._log.dense else None
        self._ring.append_hole(Hole(partition, start, end, reason, count))
        self._lost.inc(end - start)

    def _pass_empty(self, reached: Mapping[int, int]) -> None:
        """Where the log has nothing up to an offset, pass it: it lost what was there, or nothing ever was."""
        for partition, offset in reached.items():
            if offset > self._ring.positions[partition]:
                if self._log.dense:
                    self._note_hole(partition, offset, GapReason.LOST)
                else:
                    self._ring.positions[partition] = offset
