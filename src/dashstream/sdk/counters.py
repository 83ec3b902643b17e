"""The numbers that a producer gives its records: one counter per thread, one per run.

A thread's counter makes a record's identity (docs/specs/telemetry.md, "Identity"); a run's tells whoever reads that run
alone whether all of it is here, whatever else the thread does meanwhile. The number of threads remembered is bounded:
one that is forgotten and comes back counts from 1 again in a newer epoch, so that it is never taken for a duplicate.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from dashstream.sdk.captures import RunContext

MAX_THREADS = 100_000


@dataclass(slots=True)
class Number:
    """A record's place in its producer's counting."""

    epoch: int
    sequence: int
    run_sequence: int


@dataclass(slots=True)
class _Thread:
    epoch: int
    last: int = 0


class Counters:
    """Numbers of one producer. Belongs to one thread of the program."""

    def __init__(self, epoch: int, max_threads: int = MAX_THREADS) -> None:
        self._epoch = epoch
        self._max_threads = max_threads
        self._threads: OrderedDict[str, _Thread] = OrderedDict()

    def next(self, run: RunContext) -> Number:
        """Give the next number to a record of this run."""
        thread = self._thread(run.thread_id)
        thread.last += 1
        epoch, count = run.counted
        count = count + 1 if epoch == thread.epoch else 1
        run.counted = (thread.epoch, count)
        return Number(thread.epoch, thread.last, count)

    def take_back(self, run: RunContext, number: Number) -> None:
        """Give this number and those after it again: their records have not left this process."""
        thread = self._threads.get(run.thread_id)
        if thread is not None and thread.epoch == number.epoch:
            thread.last = min(thread.last, number.sequence - 1)
        epoch, count = run.counted
        if epoch == number.epoch:
            run.counted = (epoch, min(count, number.run_sequence - 1))

    def _thread(self, thread_id: str) -> _Thread:
        thread = self._threads.get(thread_id)
        if thread is not None:
            self._threads.move_to_end(thread_id)
            return thread
        if len(self._threads) >= self._max_threads:
            self._threads.popitem(last=False)
            self._epoch += 1
        thread = self._threads[thread_id] = _Thread(self._epoch)
        return thread
