"""Examining a whole log: every record once, in order, folded by the same code that serves it.

Pure but for :func:`examine`, which reads. Laws:

1. The log may grow and retention may remove records meanwhile: what is examined ends at the watermarks of the start,
   and a low watermark that moved is no hole.
2. What retention or a reported loss explains is told apart from what nothing explains; only that is a problem.
3. Runs are kept as they are at the run index's positions, so that both can be compared byte by byte.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from dashstream.engine.classify import reason_of
from dashstream.engine.items import Item, items_of
from dashstream.engine.ports import Log, LogRecord, Watermark
from dashstream.engine.run_state import Doubt, StateFold
from dashstream.engine.runs import Run, fold
from dashstream.errors import LogError, OffsetOutOfRangeError, RecordError
from dashstream.protocol.framing import Limits
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import Kind, decode
from dashstream.protocol.sequence import Counter, Order, SequenceTracker

READ_RECORDS = 2_000
READ_BYTES = 8 << 20
MAX_OPEN_RUNS = 1_000
"""Runs without an end whose states are kept; the longest untouched one is settled early and not examined further."""
MAX_EXAMPLES = 5

_HEALED_BY_LOSS = frozenset({Doubt.NO_CHECKPOINT, Doubt.BASE_MISMATCH, Doubt.CHUNK_MISSING})
"""What a state record that is known to be lost leaves behind until the next checkpoint."""


@dataclass(slots=True)
class OffsetExam:
    """Which offsets have a record."""

    records: int = 0
    missing: int = 0
    unread: int = 0
    """Offsets that could not be read because the file is damaged."""
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SequenceExam:
    """Sequences per (thread, producer, epoch)."""

    counters: set[Counter] = field(default_factory=set)
    sequenced: int = 0
    duplicates: int = 0
    reordered: int = 0
    between_runs: int = 0
    """Missing before a run's first record: another run that is not here, as after an import."""
    missing: Tally[str] = field(default_factory=Tally)
    """Missing within runs, by thread."""
    lost: Tally[str] = field(default_factory=Tally)
    """Records that producers reported as lost, by thread."""
    _tracker: SequenceTracker = field(default_factory=SequenceTracker)

    @property
    def unexplained(self) -> int:
        """Missing sequences of threads beyond what their producers reported as lost."""
        return sum(max(0, count - self.lost[thread]) for thread, count in self.missing.items())

    def take(self, item: Item, *, is_cut: bool) -> None:
        """Judge one message; ``is_cut``: retention has removed records before it."""
        header = item.header
        if item.kind is Kind.LOSS:
            self.lost[header.thread_id] += sum(lost.count for lost in item.body.items)
        counter = Counter(header.thread_id, header.producer_id, header.producer_epoch)
        is_first = counter not in self.counters
        verdict = self._tracker.observe(counter, header.sequence)
        if verdict.order is Order.UNSEQUENCED:
            return
        self.counters.add(counter)
        self.sequenced += 1
        self.duplicates += verdict.order is Order.DUPLICATE
        self.reordered += verdict.order is Order.REORDERED
        if verdict.order is Order.GAP and not (is_first and is_cut):
            if _begins_run(item):
                self.between_runs += verdict.missing
            else:
                self.missing[header.thread_id] += verdict.missing
        elif verdict.order is Order.REORDERED:
            self.missing[header.thread_id] -= 1


@dataclass(slots=True)
class StateExam:
    """States of all runs, verified step by step."""

    steps: int = 0
    verified: int = 0
    doubts: dict[str, Tally[Doubt]] = field(default_factory=dict)
    """By run, what could not be verified and why."""
    unfinished: set[str] = field(default_factory=set)
    """Runs that were settled early."""
    _open: OrderedDict[str, dict[str, StateFold]] = field(default_factory=OrderedDict)

    def take(self, item: Item) -> None:
        """Fold one message; the end of a run settles it."""
        if item.kind in {Kind.STATE_DIFF, Kind.CHECKPOINT}:
            self._fold(item)
        elif _ends_run(item):
            self._settle(item.run_id)

    def finish(self) -> None:
        """Settle the runs that have no end."""
        while self._open:
            self._settle(next(iter(self._open)))

    def _fold(self, item: Item) -> None:
        run_id = item.run_id
        if run_id in self.unfinished:
            return
        folds = self._open.setdefault(run_id, {})
        self._open.move_to_end(run_id)
        folds.setdefault(item.header.checkpoint_ns, StateFold()).apply(item)
        if len(self._open) > MAX_OPEN_RUNS:
            oldest = next(iter(self._open))
            self.unfinished.add(oldest)
            self._settle(oldest)

    def _settle(self, run_id: str) -> None:
        for state in self._open.pop(run_id, {}).values():
            self.steps += state.transitions
            self.verified += state.verified_transitions
            if state.incident_count:
                doubts = self.doubts.setdefault(run_id, Tally())
                doubts.update(incident.doubt for incident in state.incidents)
                doubts[state.incidents[-1].doubt] += state.incident_count - len(state.incidents)


class Examination:
    """Folds records in log order; ``index_positions`` are the next offsets that the run index had folded."""

    def __init__(
        self, marks: Mapping[int, Watermark], limits: Limits, index_positions: Mapping[int, int] | None = None
    ) -> None:
        self.marks = dict(marks)
        self.offsets = OffsetExam()
        self.sequences = SequenceExam()
        self.states = StateExam()
        self.unreadable: Tally[str] = Tally()
        self.runs: dict[str, Run] = {}
        self._limits = limits
        self._index_positions = index_positions or {}
        self._indexed: dict[str, bytes | None] = {}

    def take(self, record: LogRecord, expected: int) -> None:
        """Fold the next record of its partition; ``expected`` is the offset that should have come."""
        self.offsets.records += 1
        if record.offset > expected:
            self.miss(record.partition, expected, record.offset)
        if record.value is None:
            self.unreadable["null"] += 1
            return
        try:
            decoded = decode(record.value, self._limits)
        except RecordError as error:
            self.unreadable[reason_of(error)] += 1
            return
        for item in items_of(decoded, record.partition, record.offset):
            self._take_item(item)

    def miss(self, partition: int, start: int, end: int) -> None:
        """Note offsets without a record."""
        self.offsets.missing += end - start
        self._example(f"partition {partition}: {start} to {end - 1}")

    def cannot_read(self, partition: int, start: int, end: int) -> None:
        """Note offsets that the damaged file does not give."""
        self.offsets.unread += end - start
        self._example(f"partition {partition}: unreadable from {start}")

    def indexed_runs(self) -> dict[str, bytes]:
        """Return runs as the index should have them: as of its positions, encoded as it keeps them."""
        found = {run_id: self._indexed.get(run_id, _encoded(run)) for run_id, run in self.runs.items()}
        return {run_id: summary for run_id, summary in found.items() if summary is not None}

    def explained_doubts(self, run_id: str) -> frozenset[Doubt]:
        """Return the doubts about a run's states that retention or a reported loss explains."""
        run = self.runs[run_id]
        if run.losses or self.is_cut(run):
            return _HEALED_BY_LOSS
        return frozenset()

    def is_cut(self, run: Run) -> bool:
        """Tell whether retention has removed the beginning of a run."""
        return not run.has_start and self.marks[run.partition].low > 0

    def _take_item(self, item: Item) -> None:
        self.sequences.take(item, is_cut=self.marks[item.partition].low > 0)
        self.states.take(item)
        run_id = item.run_id
        if not run_id:
            return
        run = self.runs.get(run_id)
        is_beyond = item.offset >= self._index_positions.get(item.partition, 0)
        if is_beyond and run_id not in self._indexed:
            self._indexed[run_id] = _encoded(run) if run is not None else None
        self.runs[run_id] = fold(run, item)

    def _example(self, text: str) -> None:
        if len(self.offsets.examples) < MAX_EXAMPLES:
            self.offsets.examples.append(text)


async def examine(log: Log, examination: Examination, on_progress: Callable[[int], None]) -> None:
    """Read the whole log into an examination; ``on_progress`` hears how many offsets were passed."""
    for partition, mark in examination.marks.items():
        await _examine_partition(log, examination, partition, mark, on_progress)
    examination.states.finish()


async def _examine_partition(
    log: Log, examination: Examination, partition: int, mark: Watermark, on_progress: Callable[[int], None]
) -> None:
    position = mark.low
    while position < mark.high:
        try:
            records = await log.read(partition, position, max_records=READ_RECORDS, max_bytes=READ_BYTES)
        except OffsetOutOfRangeError as error:
            on_progress(min(error.low, mark.high) - position)
            position = error.low
            examination.marks[partition] = Watermark(error.low, mark.high)
            continue
        except LogError:
            examination.cannot_read(partition, position, mark.high)
            on_progress(mark.high - position)
            return
        wanted = [record for record in records if record.offset < mark.high]
        begin = position
        for record in wanted:
            examination.take(record, position)
            position = record.offset + 1
        if len(wanted) < len(records) or not records:
            if position < mark.high:
                examination.miss(partition, position, mark.high)
            position = mark.high
        on_progress(position - begin)


def _encoded(run: Run) -> bytes:
    return msgspec.json.encode(run)


def _begins_run(item: Item) -> bool:
    return item.kind is Kind.EVENT and item.body.event_type == pb.EVENT_TYPE_GRAPH_START


def _ends_run(item: Item) -> bool:
    ends = (pb.EVENT_TYPE_GRAPH_END, pb.EVENT_TYPE_GRAPH_ERROR)
    return item.kind is Kind.EVENT and item.body.event_type in ends and not item.header.checkpoint_ns
