"""Records of which it is not known whether they are on the log: the answer was lost, or the client broke.

Before anything more is written, the log is looked at from where it ended before them: what is there with the same key
and value is what was written. A record names its producer and sequence, so no two are alike by accident.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dashstream.adapters.kafka.dedupes import Dedupes
from dashstream.adapters.kafka.producer import Placed
from dashstream.engine.ports import LogPage
from dashstream.errors import OffsetOutOfRangeError

Read = Callable[[int, int], Awaitable[LogPage]]
Content = tuple[int, bytes, bytes | None]


@dataclass(slots=True)
class Unsure:
    """Unsettled records of one group, in order, and where to look for them."""

    records: list[Placed] = field(default_factory=list)
    starts: dict[int, int] = field(default_factory=dict)

    def add(self, placed: Placed, start: int) -> None:
        """Take note of a record that is at or above an offset, if anywhere."""
        if placed.record.dedupe is not None:  # without one, a repeat is another record anyway
            self.records.append(placed)
            self.starts.setdefault(placed.partition, start)

    async def settle(self, read: Read, dedupes: Dedupes) -> None:
        """Look for the records and take note of those that are on the log.

        Raises:
            LogError: the log cannot be looked at; nothing is settled.
        """
        wanted = {_content(placed) for placed in self.records}
        found: set[Content] = set()
        for partition, start in self.starts.items():
            offset, is_end = start, False
            while not is_end:
                try:
                    page = await read(partition, offset)
                except OffsetOutOfRangeError as error:
                    offset = error.low
                    continue
                found |= {content for one in page if (content := (partition, one.key, one.value)) in wanted}
                is_end, offset = page.reached[partition] == offset, page.reached[partition]
        dedupes.note_batch(
            (placed.record.dedupe, _content(placed) in found)
            for placed in self.records
            if placed.record.dedupe is not None
        )
        self.records.clear()
        self.starts.clear()


def _content(placed: Placed) -> Content:
    return placed.partition, placed.record.key, placed.record.value
