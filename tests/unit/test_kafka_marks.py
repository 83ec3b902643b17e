"""An end below what was seen is not believed at once, and in the end it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dashstream.adapters.kafka.marks import Marks
from dashstream.engine.ports import Watermark


class Broker:
    """Tells one end of partition 0 after the other; the last one for ever."""

    def __init__(self, *ends: int) -> None:
        self._ends: Iterator[int] = iter(ends)
        self._end = 0
        self.asked = 0

    async def watermarks(self, partitions: Iterable[int]) -> Mapping[int, Watermark]:
        self.asked += 1
        self._end = next(self._ends, self._end)
        return {partition: Watermark(0, self._end if partition == 0 else 3) for partition in partitions}


async def test_an_end_at_or_above_what_was_seen_is_told_at_once() -> None:
    broker = Broker(7)
    marks = Marks(broker, lambda: {0: 7, 1: 3})
    assert await marks.of([0, 1]) == {0: Watermark(0, 7), 1: Watermark(0, 3)}
    assert broker.asked == 1


async def test_a_partition_that_nobody_has_seen_is_believed() -> None:
    assert await Marks(Broker(7), dict).of([0]) == {0: Watermark(0, 7)}


async def test_an_older_end_is_asked_about_again() -> None:
    broker = Broker(4, 6, 9)
    marks = Marks(broker, lambda: {0: 7}, patience_s=30, pause_s=0)
    assert await marks.of([0]) == {0: Watermark(0, 9)}
    assert broker.asked == 3


async def test_an_older_end_that_stays_is_true() -> None:
    broker = Broker(4)
    assert await Marks(broker, lambda: {0: 7}, patience_s=0.01, pause_s=0).of([0]) == {0: Watermark(0, 4)}
    assert broker.asked > 1


async def test_what_is_seen_while_it_is_asked_says_nothing_about_the_answer() -> None:
    broker = Broker(7)
    seen = iter([{0: 7}, {0: 8}])
    assert await Marks(broker, lambda: next(seen), patience_s=30, pause_s=0).of([0]) == {0: Watermark(0, 7)}
