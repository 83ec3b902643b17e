"""Checks that producers' sequences arrive whole, on what is read from the log, for each message inside a batch too.

The first sequence that is seen of a counter is where it begins: nothing is known to be missing before it. A new epoch
of a known producer on a known thread is a restart, and has to begin at 1. Bookkeeping is bounded; a counter that was
forgotten begins anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from dashstream.engine.ports import Metrics
from dashstream.engine.reading import Reading
from dashstream.protocol.sequence import Counter, Order, Seen, SequenceTracker

RESTART = "restart"
MISSING, MIXED = "missing", "mixed_batches"
_IN_ORDER = Order.IN_ORDER.value
FINDINGS = (*(order.value for order in Order), RESTART)


class SequenceAudit:
    """Judges every message of every passed record; ``publish`` shows the counts as metrics, once per page."""

    def __init__(self, max_counters: int, metrics: Metrics) -> None:
        self._tracker = SequenceTracker(max_counters)
        self._max = max_counters
        self._epochs: OrderedDict[tuple[str, str], int] = OrderedDict()
        self.totals = dict.fromkeys(FINDINGS, 0)
        self.missing = 0
        self.mixed_batches = 0
        self._told = dict.fromkeys((*FINDINGS, MISSING, MIXED), 0)
        self._found = metrics.counter(
            "dashstream_sequences_judged_total",
            "Messages by how their sequence follows the one before of thread, producer and epoch; "
            "restart: a producer began anew",
            {"finding": FINDINGS},
        )
        self._missing = metrics.counter("dashstream_sequences_missing_total", "Sequences that gaps skipped")
        self._mixed = metrics.counter(
            "dashstream_batches_mixed_total", "Event batches with several threads; each is followed for each of them"
        )

    def observe(self, reading: Reading) -> None:
        """Judge the messages of one record."""
        if not reading.is_batch:
            self._observe(reading.origin.counter, reading.sequence)
            return
        for counter, sequence in reading.counted:
            self._observe(counter, sequence)
        self.mixed_batches += len({counter.thread_id for counter, _ in reading.counted}) > 1

    def observe_page(self, readings: Iterable[Reading]) -> None:
        """Judge the messages of records, as ``observe`` does one by one; which counter was idle longest goes by pages.

        Nearly every record has the very next sequence of a counter that the page has met before.
        """
        met: dict[int, Seen] = {}  # by the identity of an origin, which the page holds
        in_order = 0
        for reading in readings:
            origin = id(reading.origin)
            seen = met.get(origin)
            if seen is not None and reading.sequence == seen.last + 1:
                seen.last += 1
                in_order += 1
                continue
            self.observe(reading)
            if self._tracker.is_full or len(self._epochs) >= self._max:
                met.clear()  # what was met may have been forgotten
            elif not reading.is_batch and (known := self._tracker.seen(reading.origin.counter)) is not None:
                met[origin] = known
        self.totals[_IN_ORDER] += in_order

    def publish(self) -> None:
        """Let the metrics say what was found since."""
        for finding, total in self.totals.items():
            self._found.inc(total - self._told[finding], finding=finding)
        self._missing.inc(self.missing - self._told[MISSING])
        self._mixed.inc(self.mixed_batches - self._told[MIXED])
        self._told = {**self.totals, MISSING: self.missing, MIXED: self.mixed_batches}

    def _observe(self, counter: Counter, sequence: int) -> None:
        if not sequence:
            self._count(Order.UNSEQUENCED)
            return
        producer = (counter.thread_id, counter.producer_id)
        if self._epochs.get(producer, -1) >= counter.producer_epoch and self._tracker.follows(counter, sequence):
            self._epochs.move_to_end(producer)
            self.totals[_IN_ORDER] += 1
        else:
            self._judge(counter, sequence)

    def _judge(self, counter: Counter, sequence: int) -> None:
        is_baseline = self._note_epoch(counter)
        verdict = self._tracker.observe(counter, sequence)
        if is_baseline:
            self._count(Order.IN_ORDER)
            return
        self._count(verdict.order)
        if verdict.missing:
            self.missing += verdict.missing

    def _note_epoch(self, counter: Counter) -> bool:
        """Return whether nothing can be said about what came before."""
        producer = (counter.thread_id, counter.producer_id)
        known = self._epochs.get(producer)
        self._epochs[producer] = max(counter.producer_epoch, known or 0)
        self._epochs.move_to_end(producer)
        if known is None:
            if len(self._epochs) > self._max:
                self._epochs.popitem(last=False)
            return True
        if counter.producer_epoch > known:
            self._count(RESTART)
            return False
        return not self._tracker.knows(counter)

    def _count(self, finding: str) -> None:
        self.totals[finding] += 1
