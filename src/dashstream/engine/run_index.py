"""The run index: what the HTTP API asks about runs, as a port, and the task that keeps it folded from the
log.

The index is a view. The log is the only truth: an index can be deleted at any time and folds itself again.
Its positions are kept with what was folded, in one transaction, so each record is folded exactly once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from dashstream.engine.index_limits import IndexLimits
from dashstream.engine.ports import Counter, Gauge, Log, LogRecord, Metrics, Watermark
from dashstream.engine.runs import Run
from dashstream.engine.schemas import ObservedSchema
from dashstream.errors import OffsetOutOfRangeError, RunIndexError

log = structlog.get_logger(__name__)

RETRY_S = 1.0
"""Pause after a failed fold: the disk may be full."""
FEW = 2
"""Below this part of a full batch the fold waits for more to come: it keeps up, and a transaction has its price."""


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs to list, newest first. ``before`` is the ``next`` of the page before."""

    status: str | None = None
    graph: str | None = None
    thread: str | None = None
    text: str | None = None
    limit: int = 100
    before: str | None = None
    tenants: frozenset[str] | None = None
    """Only runs of these; None: of all."""


@dataclass(frozen=True, slots=True)
class RunPage:
    """Runs with the run that resumed each, by run id, and where the next page begins."""

    runs: list[Run]
    resumed_by: dict[str, str]
    next: str | None
    version: str


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """A place in the order of a run's records: by sequence, then by place on the log."""

    sequence: int
    offset: int = -1
    index: int = 0


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Which records of a run to list, in order, from ``start`` on."""

    run_id: str
    start: RecordPlace
    kinds: frozenset[str] | None = None
    node: str | None = None
    limit: int = 500


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """What the index knows of one message of a run."""

    place: RecordPlace
    kind: str
    type: str
    timestamp_us: int
    node_id: str
    node_execution_id: str
    superstep: int | None
    attempt: int


@dataclass(frozen=True, slots=True)
class StatePlaces:
    """The offsets to read, in order, to rebuild a state: from the nearest whole state to the wanted
    sequence.
    """

    partition: int
    offsets: list[int]


class RunIndex(Protocol):
    """What can be asked about runs. Implementations do not block the event loop."""

    @property
    def version(self) -> str:
        """A text that changes whenever any answer may change."""

    async def runs(self, query: RunQuery) -> RunPage: ...

    async def run(self, run_id: str) -> Run | None: ...

    async def resumed_by(self, run_id: str) -> str | None: ...

    async def records(self, query: RecordQuery) -> list[RecordEntry]: ...

    async def state_places(self, run_id: str, ns: str, sequence: int | None) -> StatePlaces | None:
        """Return what to read for the state at or before a sequence (None: the last), or None if not
        known.
        """

    async def previous_transition(self, run_id: str, ns: str, sequence: int) -> int | None:
        """Return the sequence of the last state record before ``sequence``."""

    async def namespaces(self, run_id: str) -> list[str]:
        """Return the namespaces that have a state."""

    async def schema(self, graph_id: str) -> ObservedSchema | None: ...

    async def schemas(self) -> list[ObservedSchema]: ...


class FoldStore(Protocol):
    """Where the fold is kept. Calls do not block the event loop, and raise ``RunIndexError``.

    After that error it is not known what was done: ask for the positions.
    """

    async def positions(self) -> Mapping[int, int]:
        """Return the next offset to fold of every partition that was folded so far."""

    async def apply(self, records: Sequence[LogRecord]) -> None:
        """Fold records and move the positions behind them, all or nothing."""

    async def trim(self, marks: Mapping[int, Watermark]) -> None:
        """Forget what is below the low watermarks, and move positions there that are below."""


class Indexer:
    """Follows the log from the index's own positions. ``run`` ends only by cancellation."""

    def __init__(self, source: Log, store: FoldStore, limits: IndexLimits, metrics: Metrics) -> None:
        self._log = source
        self._store = store
        self._limits = limits
        self._positions: dict[int, int] = {}
        self.error: str | None = None
        self._folded: Counter = metrics.counter(
            "dashstream_index_records_folded_total", "Records folded into the run index."
        )
        self._lag: Gauge = metrics.gauge(
            "dashstream_index_lag_records", "Records on the log that the run index has not folded yet."
        )

    async def run(self) -> None:
        """Fold everything, then whatever comes."""
        is_known = False
        while True:
            try:
                if not is_known or self._log.partition_count != len(self._positions):
                    await self._start()
                    is_known = True
                await self._log.wait_beyond(self._positions)
                folded = await self._fold_available()
                self.error = None
                if folded < self._limits.batch_records // FEW:
                    await asyncio.sleep(self._limits.fold_interval_s)
            except OffsetOutOfRangeError:
                await self.trim()
            except RunIndexError as error:
                self.error = str(error)
                is_known = False  # what failed may have been done before the answer was lost
                log.warning("index fold failed", error=str(error))
                await asyncio.sleep(RETRY_S)

    async def lag(self) -> int:
        """Return how many records the index is behind the log."""
        marks = await self._log.watermarks()
        behind = sum(
            max(0, mark.high - max(mark.low, self._positions.get(partition, 0))) for partition, mark in marks.items()
        )
        self._lag.set(behind)
        return behind

    async def trim(self) -> None:
        """Follow the log's retention."""
        marks = await self._log.watermarks()
        await self._store.trim(marks)
        await self._start()

    async def _start(self) -> None:
        folded = await self._store.positions()
        marks = await self._log.watermarks()
        self._positions = {partition: max(mark.low, folded.get(partition, 0)) for partition, mark in marks.items()}

    async def _fold_available(self) -> int:
        """Fold the next records; return how many, which is 0 only at the end of what there is."""
        while True:
            page = await self._log.read_many(
                self._positions,
                max_records=self._limits.batch_records,
                max_bytes=self._limits.batch_bytes,
            )
            if page:
                await self._store.apply(page)
                self._folded.inc(len(page))
            has_moved = page.reached != self._positions
            self._positions.update(page.reached)
            if page or not has_moved:
                return len(page)
