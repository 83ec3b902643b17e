"""Session heads from the broker: what it answers in time counts, and what it does not is left out.

A leader that hangs or moves costs its own partitions their heads, never those of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashstream.adapters.kafka.topic import Topic

SHARE = 0.9
"""Of the asker's time, what the broker gets; the rest is for taking what it has answered."""


class KafkaHeads:
    """The ``HeadSource`` port over one topic; each answer comes within the asker's time and never raises."""

    def __init__(self, topic: Topic, partition_count: Callable[[], int], *, budget_s: float) -> None:
        """``budget_s``: how long the asker waits for one answer."""
        self._topic = topic
        self._partition_count = partition_count
        self._within_s = SHARE * budget_s

    async def highs(self) -> Mapping[int, int]:
        """See ``HeadSource.highs``."""
        return await self._topic.known_highs(range(self._partition_count()), self._within_s)

    async def offsets_at(self, highs: Mapping[int, int], time_us: int) -> Mapping[int, int]:
        """See ``HeadSource.offsets_at``; to the millisecond."""
        found = await self._topic.known_since(highs, time_us, self._within_s)
        return {partition: offset if offset >= 0 else highs[partition] for partition, offset in found.items()}
