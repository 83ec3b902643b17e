"""Whether a client still hears of its partitions. Pure.

The client's fetching of a partition may stop for good, without a word, when a broker is killed or its leader moves:
connections are there, every question is answered, and nothing comes. That shows only by comparison with where the
broker says that the partition ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class _Stand(NamedTuple):
    """Where a partition that has more stands, and since when it has been seen there."""

    position: int
    since: float


class Hearing:
    """Compares, look by look, how far partitions have got with where they end."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._behind: dict[int, _Stand] = {}

    def mute(self, positions: Mapping[int, int], ends: Mapping[int, int], now: float) -> list[int]:
        """Return the partitions that have more and have not moved for the patience's time, as far as was seen.

        ``ends``: where the partitions end that are known to; nothing is held against the others.
        """
        behind = {}
        for partition, end in ends.items():
            position = positions[partition]
            if end > position:
                stand = self._behind.get(partition)
                behind[partition] = stand if stand and stand.position == position else _Stand(position, now)
        self._behind = behind
        return [partition for partition, stand in behind.items() if now - stand.since >= self._patience_s]

    def forget(self) -> None:
        """Nothing was asked for meanwhile: what stands still now says nothing."""
        self._behind = {}
