"""Which records of which producers are on the log, in bounded memory.

A producer counts its records of each thread. All up to ``last`` are on the log, and the few in ``above``: a record
between them was not written, or not seen yet, and may come again. Producers that were silent longest are forgotten
first; a repeat of theirs is written again, and readers see by its sequence that it is one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from dashstream.engine.reading import Dedupe
from dashstream.protocol.sequence import Counter

MAX_ABOVE = 1_000
"""Records of one producer above a missing one; with more of them, the missing one is not waited for any longer."""


class _Written:
    __slots__ = ("above", "last")

    def __init__(self) -> None:
        self.last = 0
        self.above: set[int] = set()

    def add(self, sequence: int) -> None:
        """A record was written, which says nothing of those before it."""
        if sequence <= self.last:
            return
        self.above.add(sequence)
        if len(self.above) > MAX_ABOVE:
            self.last = min(self.above)
        while self.last + 1 in self.above:
            self.last += 1
        self.raise_to(self.last)

    def raise_to(self, sequence: int) -> None:
        """A record was written, and with it all that its producer counted before."""
        self.last = max(self.last, sequence)
        if self.above:
            self.above = {sequence for sequence in self.above if sequence > self.last}


class Dedupes:
    """What was written, by producer. Belongs to one event loop."""

    def __init__(self, max_producers: int) -> None:
        self._max = max_producers
        self._written: OrderedDict[Counter, _Written] = OrderedDict()

    def __len__(self) -> int:
        return len(self._written)

    def has(self, dedupe: Dedupe) -> bool:
        """Say whether a record is known to be on the log."""
        written = self._written.get(dedupe.counter)
        return written is not None and (dedupe.sequence <= written.last or dedupe.sequence in written.above)

    def note_seen(self, dedupe: Dedupe) -> None:
        """A record was seen on the log. Of an unknown producer, all before it were there before we looked."""
        producer = dedupe.counter
        if producer in self._written:
            self._of(producer).add(dedupe.sequence)
        else:
            self._of(producer).raise_to(dedupe.sequence)

    def note_batch(self, outcomes: Iterable[tuple[Dedupe, bool]]) -> None:
        """Records of a batch, in order, were written or not."""
        broken: set[Counter] = set()
        for dedupe, is_written in outcomes:
            producer = dedupe.counter
            written = self._of(producer)
            if not is_written:
                broken.add(producer)
            elif producer in broken:
                written.add(dedupe.sequence)
            else:
                written.raise_to(dedupe.sequence)

    def _of(self, producer: Counter) -> _Written:
        written = self._written.get(producer)
        if written is None:
            written = self._written[producer] = _Written()
            if len(self._written) > self._max:
                self._written.popitem(last=False)
        else:
            self._written.move_to_end(producer)
        return written
