"""The topic's watermarks, as far as a broker's word can be believed.

A broker that was killed tells an older end for a moment after its start, until it has found out that it has all the
same what it had. Taken at its word, records that we have seen ourselves would be told as lost. So where its answer
ends below what the tail had seen before the question, it is asked again for a while. An end that stays below is true.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from dashstream.engine.ports import Watermark

PATIENCE_S, PAUSE_S = 5.0, 0.1


class Teller(Protocol):
    """Who is asked; a :class:`~dashstream.adapters.kafka.topic.Topic`."""

    async def watermarks(self, partitions: Iterable[int]) -> Mapping[int, Watermark]:
        """Return the watermarks of partitions."""


class Marks:
    """Asks for watermarks. ``seen`` tells how far each partition has been seen, by the next offset."""

    def __init__(
        self,
        teller: Teller,
        seen: Callable[[], Mapping[int, int]],
        *,
        patience_s: float = PATIENCE_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._teller = teller
        self._seen = seen
        self._patience_s = patience_s
        self._pause_s = pause_s

    async def of(self, partitions: Iterable[int]) -> Mapping[int, Watermark]:
        """Return the watermarks of partitions.

        Raises:
            LogError: the broker did not answer within the request timeout.
        """
        wanted = tuple(partitions)
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience_s
        while True:
            seen = dict(self._seen())
            marks = await self._teller.watermarks(wanted)
            if loop.time() >= until or all(mark.high >= seen.get(one, 0) for one, mark in marks.items()):
                return marks
            await asyncio.sleep(self._pause_s)
