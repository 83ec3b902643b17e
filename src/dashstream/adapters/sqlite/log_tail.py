"""The newest records that this process committed, in memory: who follows closely asks no disk and reads nothing twice.

Laws:

1. Of each partition the tail holds a run of offsets without a hole, up to the high watermark of this process's last
   commit. It gives records of that run, or says that the disk has to be asked; it never says that there are none.
2. Only what is committed gets here.
3. Bounded by bytes; the oldest commit's records go first.
4. One event loop owns a tail; nothing here blocks or awaits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dashstream.engine.ports import LogPage, LogRecord, Metrics
from dashstream.engine.tail_metrics import TailMetrics

RECORD_OVERHEAD = 300
"""Bytes that a record costs besides key and value (its objects and what is known of it: 284 measured, of events)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one commit wrote to one partition, and the bytes of its keys and values."""

    records: Sequence[LogRecord]
    bytes: int

    @property
    def cost(self) -> int:
        return self.bytes + RECORD_OVERHEAD * len(self.records)


class LogTail:
    """Records by partition and offset; ``highs`` are the watermarks at which it begins, empty."""

    def __init__(self, max_bytes: int, highs: Mapping[int, int], metrics: Metrics) -> None:
        self._max_bytes = max_bytes
        self._metrics = TailMetrics(metrics)
        self._runs: dict[int, deque[Piece]] = {partition: deque() for partition in highs}
        self._lows = dict(highs)
        self._highs = dict(highs)
        self._arrivals: deque[int] = deque()
        self.records = 0
        self.bytes = 0
        self._metrics.show(self.records, self.bytes)

    def add(self, partition: int, piece: Piece) -> None:
        """Add what was committed next, in order; a hole before it, of another process's records, empties a run."""
        first, count = piece.records[0].offset, len(piece.records)
        if first != self._highs[partition]:
            self.trim(partition, first)
        self._runs[partition].append(piece)
        self._highs[partition] = first + count
        self._arrivals.append(partition)
        self.records += count
        self.bytes += piece.cost
        while self.bytes > self._max_bytes:
            self._drop_first(self._arrivals.popleft())
        self._metrics.show(self.records, self.bytes)

    def trim(self, partition: int, low: int) -> None:
        """Let go of what is below an offset, and of what was committed together with that."""
        run = self._runs[partition]
        while run and self._lows[partition] < low:
            self._arrivals.remove(partition)
            self._drop_first(partition)
        self._lows[partition] = max(self._lows[partition], low)
        self._highs[partition] = max(self._highs[partition], low)
        self._metrics.show(self.records, self.bytes)

    def read(self, positions: Mapping[int, int], max_records: int, max_bytes: int) -> LogPage | None:
        """Return what ``Log.read_many`` returns, or None when the disk has to be asked."""
        if any(not self._lows[partition] <= at <= self._highs[partition] for partition, at in positions.items()):
            return None
        found: list[LogRecord] = []
        reached = dict(positions)
        for partition, at in positions.items():
            for piece in self._from(partition, at):
                max_bytes -= piece.bytes
                if len(found) + len(piece.records) > max_records or max_bytes < 0:
                    return LogPage(found, reached) if found else None
                found += piece.records[max(0, at - piece.records[0].offset) :]
                reached[partition] = piece.records[-1].offset + 1
        return LogPage(found, reached) if found else None

    def _from(self, partition: int, offset: int) -> Iterable[Piece]:
        """Return the pieces from the one that has an offset on; who follows closely is near the end."""
        pieces: deque[Piece] = deque()
        for piece in reversed(self._runs[partition]):
            if piece.records[-1].offset < offset:
                break
            pieces.appendleft(piece)
        return pieces

    def _drop_first(self, partition: int) -> None:
        piece = self._runs[partition].popleft()
        self._lows[partition] = piece.records[-1].offset + 1
        self.records -= len(piece.records)
        self.bytes -= piece.cost
